// Edits that are not saved: while there are some, whoever leaves the page is asked. And what is being checked is said
// at once, by the browser, since the service answers only when the check is done.
(() => {
  const state = { unsaved: false, leaving: false };
  const checking = (now) => {
    const sign = document.getElementById("checking");
    if (sign) sign.hidden = !now;
  };
  const length = () => [...document.querySelectorAll(".editor")].map((box) => getElement(box.id.slice(1)).editor);

  // Whoever typed.
  window.deskTyped = () => {
    state.unsaved = true;
    checking(true);
  };
  // What the service found of the texts that have these lengths. What was typed since is still to be checked.
  window.deskChecked = (edited, lengths) => {
    const now = length().map((view) => view?.state.doc.length);
    if (now.some((many, place) => many !== undefined && many !== lengths[place])) return;
    state.unsaved = edited;
    checking(false);
  };
  window.deskChecking = () => checking(true);

  window.addEventListener("beforeunload", (event) => {
    if (state.unsaved && !state.leaving) event.preventDefault();
  });

  const ask = (href) => {
    const dialog = document.getElementById("leaving");
    const leave = dialog.querySelector("[data-leave]");
    dialog.returnValue = "";
    leave.onclick = () => {
      state.leaving = true;
      dialog.close();
      location = href;
    };
    dialog.querySelector("[data-stay]").onclick = () => dialog.close();
    dialog.showModal();
  };
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest?.("a[href]");
      const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0 || link?.target;
      if (!link || elsewhere || !state.unsaved || link.getAttribute("href").startsWith("#")) return;
      event.preventDefault();
      event.stopPropagation();
      ask(link.href);
    },
    true,
  );
})();
