// What an EHR does: real requests to the service.
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
