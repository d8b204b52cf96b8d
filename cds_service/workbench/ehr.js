// What an EHR and a file chooser do: real requests to the service, and a file sent as it is.
window.postJson = async (url, body) => {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, text };
  } catch (error) {
    return { status: 0, text: String(error) };
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
