// The theme: the system's, or the one that was chosen on this machine. It stands in a cookie, so that a page comes
// with the right choice; nothing but this word is in it.
window.desk = {
  chosen: () => /(?:^|;\s*)cds-desk-theme=(light|dark)/.exec(document.cookie)?.[1] ?? "",
  show: () => {
    const theme = desk.chosen();
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    window.dispatchEvent(new Event("desk-theme"));
  },
  choose: (theme, path) => {
    const age = theme ? 365 * 24 * 3600 : 0;
    document.cookie = `cds-desk-theme=${theme}; path=${path}; max-age=${age}; samesite=lax`;
    desk.show();
  },
  // Calls back now and whenever the theme is another.
  follow: (then) => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const paper = matchMedia("print");
    const tell = () => then(!paper.matches && (desk.chosen() ? desk.chosen() === "dark" : system.matches));
    window.addEventListener("desk-theme", tell);
    system.addEventListener("change", tell);
    paper.addEventListener("change", tell);
    tell();
  },
};
desk.show();
