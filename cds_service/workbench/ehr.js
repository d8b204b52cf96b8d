// What an EHR and a file chooser do: real requests to the service, and a file sent as it is.
// The header keeps what is tried out here apart from what real clients ask and report.
window.postJson = async (url, body, wish) => {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "CDS-Workbench": wish },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, text, setAside: answer.headers.get("CDS-Set-Aside") ?? "" };
  } catch (error) {
    return { status: 0, text: String(error), setAside: "" };
  }
};

window.sendBundle = async (file, url) => {
  const told = document.getElementById("upload-told");
  if (!file) return;
  told.textContent = `Reading ${file.name} …`;
  try {
    const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: file });
    const found = await answer.json();
    if (answer.ok) location = found.page;
    else told.textContent = found.problem;
  } catch (error) {
    told.textContent = `The file could not be sent: ${error}`;
  }
};
