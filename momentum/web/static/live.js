// Keeps rows with data-live up to date: each event names a row by id, whose new markup we fetch and put in its place.
for (const list of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(list.dataset.live);
  let asked = false;
  source.onmessage = () => {
    if (asked) return;
    asked = true;
    setTimeout(async () => {
      asked = false;
      const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
      if (!answer.ok) return source.close();
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("#main").replaceChildren(...fresh.querySelector("#main").childNodes);
      if (!document.querySelector("[data-live]")) source.close();
    }, 250);
  };
}
