// What the editor of a trial adds to CodeMirror: a label for screen readers, and what may be written here.
window.enrichEditor = async (id, label, offers) => {
  const CM = await import("nicegui-codemirror");
  const editor = getElement(id);
  const view = await editor.editorPromise;
  desk.follow((dark) => editor.setTheme(dark ? "githubDark" : "githubLight"));

  const listed = (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const quotes = before.match(/(?<!\\)"/g) || [];
    if (quotes.length % 2 === 0) return null; // not inside a string; JSON strings end on their line
    const start = before.lastIndexOf('"');
    const lead = context.state.sliceDoc(Math.max(0, line.from + start - 300), line.from + start);
    const offered = offeredAfter(lead);
    if (!offered) return null;
    return {
      from: line.from + start + 1,
      options: offered.map((offer) => ({ label: offer.label, detail: offer.detail, type: "text" })),
      validFor: /^[^"]*$/,
    };
  };

  const offeredAfter = (lead) => {
    if (/"var"\s*:\s*\[?\s*$/.test(lead)) return offers.name;
    if (/"quantity"\s*:\s*\[[^\]]*,\s*$/.test(lead)) return offers.unit;
    const key = /"([^"]+)"\s*:\s*$/.exec(lead);
    if (key) return offers.values[key[1]];
    return /[{,]\s*$/.test(lead) ? offers.key : null;
  };

  view.dispatch({
    effects: CM.StateEffect.appendConfig.of([
      CM.EditorState.languageData.of(() => [{ autocomplete: listed }]),
      CM.EditorView.updateListener.of((update) => update.docChanged && window.deskTyped()),
      CM.EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
    ]),
  });
};
