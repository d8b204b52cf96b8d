// A record that is chosen or dropped is sent as it is; what came of it is opened, or told where there is a choice.
(() => {
  const told = () => document.getElementById("upload-told");
  const say = (text) => told().replaceChildren(document.createTextNode(text));
  const list = (lead, items) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = lead;
    const made = document.createElement("ul");
    made.append(...items);
    return [paragraph, made];
  };
  const item = (text, href) => {
    const made = document.createElement("li");
    const inner = href ? document.createElement("a") : made;
    inner.textContent = text;
    if (href) {
      inner.href = href;
      made.append(inner);
    }
    return made;
  };

  const here = () => (location.pathname.endsWith("/ehr") ? "ehr" : "page");
  const show = (found) => {
    if (found.people.length === 1 && !found.problems.length) {
      location = found.people[0][here()];
      return;
    }
    const parts = [];
    if (found.problems.length) {
      const lead = "Not read, so that every record of it may lack something:";
      parts.push(...list(lead, found.problems.map((problem) => item(problem))));
    }
    const lead = found.people.length === 1 ? "Open the patient:" : `${found.people.length} patients. Choose one:`;
    parts.push(...list(lead, found.people.map((person) => item(person.title, person[here()]))));
    told().replaceChildren(...parts);
  };

  const send = async (file, url, done) => {
    if (!file) return;
    say(`Reading ${file.name} …`);
    try {
      const query = new URLSearchParams({ name: file.name });
      const headers = { "Content-Type": "application/octet-stream" };
      const answer = await fetch(`${url}?${query}`, { method: "POST", headers, body: file });
      const found = await answer.json();
      if (answer.ok) done(found);
      else say(found.problem);
    } catch (error) {
      say(`The file could not be sent: ${error}`);
    }
  };
  window.sendRecord = (file, url) => send(file, url, show);
  window.sendFeed = (file, url) => send(file, url, (found) => (location = found.page));

  const hasFile = (event) => event.dataTransfer?.types.includes("Files");
  let inside = 0;
  const over = (now) => document.body.classList.toggle("dropping", now);
  addEventListener("dragenter", (event) => hasFile(event) && ((inside += 1), over(true)));
  addEventListener("dragleave", (event) => hasFile(event) && ((inside -= 1), over(inside > 0)));
  addEventListener("dragover", (event) => hasFile(event) && event.preventDefault());
  const dropped = (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    inside = 0;
    over(false);
    const files = event.dataTransfer.files;
    if (files.length > 1) say("Drop one file: put several into a zip.");
    else {
      const feed = document.querySelector("[data-feed]")?.dataset.feed;
      feed ? sendFeed(files[0], feed) : sendRecord(files[0], told().dataset.url);
    }
  };
  // First, since the editor would take the file for its text.
  addEventListener("drop", dropped, true);
})();
