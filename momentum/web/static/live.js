// Keeps the page up to date: whenever something happens, sections whose markup has changed are put in place of the old ones.
const watched = document.querySelector("[data-live]");
let asked = false;

function swap(fresh) {
  for (const section of document.querySelectorAll("main section[id]")) {
    const other = fresh.getElementById(section.id);
    if (!other || other.outerHTML === section.outerHTML) continue;
    const focused = section.contains(document.activeElement) ? document.activeElement.closest("form")?.getAttribute("action") : null;
    section.replaceWith(document.importNode(other, true));
    if (focused) document.querySelector(`form[action="${CSS.escape(focused)}"] button`)?.focus();
  }
}

async function refresh(source) {
  asked = false;
  if (source.readyState === EventSource.CLOSED) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return source.close();
  swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!document.querySelector("[data-live]")) source.close();
}

if (watched) {
  const source = new EventSource(watched.dataset.live);
  source.onmessage = () => {
    if (asked) return;
    asked = true;
    setTimeout(() => refresh(source), 100);
  };
  // A form leads to another page, perhaps as nobody any more: nothing is to be asked for this one.
  document.addEventListener("submit", () => source.close());
}
