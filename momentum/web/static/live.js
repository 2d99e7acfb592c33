// Keeps a page up to date without being reloaded: sections whose markup has changed are put in place of the old ones.
//   <section id="work" data-live="/api/…/events">  asks for the page again whenever that stream says something happened
//   <form data-swap>, <a data-swap>                are sent in the background; what comes back is put in place the same way
const QUIET = 100; // milliseconds: many events become one question
const AGAIN = 5000; // milliseconds until a stream that the server closed is opened again
let source = null;
let asked = 0; // the timer of the question that is about to be asked
let sent = 0; // forms: the answer to an older one is not put over the answer to a newer one

function focusOf(section) {
  const focused = document.activeElement;
  if (!section.contains(focused)) return null;
  const form = focused.closest("form");
  if (focused.id) return `#${CSS.escape(focused.id)}`;
  return form && `form[action="${CSS.escape(form.getAttribute("action"))}"] button`;
}

function swap(fresh, form = null) {
  for (const section of document.querySelectorAll("main section[id]")) {
    const other = fresh.getElementById(section.id);
    if (!other || other.outerHTML === section.outerHTML) continue;
    // Somebody is writing here: what they wrote is worth more than what is new, unless it is what they have just sent.
    const writing = document.activeElement.matches("input:not([type=checkbox]), textarea, select");
    if (writing && section.contains(document.activeElement) && !form?.contains(document.activeElement)) continue;
    const focused = focusOf(section);
    const open = [...section.querySelectorAll("details[open][id]")].filter((one) => !form || !one.contains(form)).map((one) => one.id);
    section.replaceWith(document.importNode(other, true));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.querySelector(focused)?.focus();
  }
  document.dispatchEvent(new Event("momentum:swapped"));
}

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

async function refresh() {
  asked = 0;
  let answer;
  try {
    answer = await fetch(location.href, { headers: { accept: "text/html" } });
  } catch {
    return; // the network is away; the stream will tell when it is back
  }
  if ([401, 403, 404].includes(answer.status)) return stop(); // there is nothing more to hear of
  if (!answer.ok) return; // the next event asks again
  swap(parsed(await answer.text()));
  if (!document.querySelector("[data-live]")) stop();
}

function ask() {
  if (asked) return;
  asked = setTimeout(refresh, QUIET);
}

function stop() {
  source?.close();
  source = null;
}

function watch() {
  const watched = document.querySelector("[data-live]");
  if (!watched || source) return;
  source = new EventSource(watched.dataset.live);
  let opened = 0;
  source.onopen = () => opened++ && ask(); // what happened while we were away is read at once
  source.onmessage = ask;
  source.addEventListener("end", () => (ask(), stop()));
  source.onerror = () => {
    if (source?.readyState !== EventSource.CLOSED) return; // browsers come back by themselves
    stop();
    setTimeout(() => (ask(), watch()), AGAIN);
  };
}

async function send(form, button) {
  if ("sending" in form.dataset) return; // pressed twice
  form.dataset.sending = "";
  const body = new URLSearchParams(new FormData(form, button));
  const turn = ++sent;
  const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
  const fresh = parsed(await answer.text());
  if (!answer.ok) return document.documentElement.replaceWith(document.importNode(fresh.documentElement, true));
  if (new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
  delete form.dataset.sending;
  if (turn === sent) swap(fresh, form);
  watch(); // what was sent may have begun something
}

async function follow(link) {
  const answer = await fetch(link.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return location.assign(link.href);
  const target = new URL(link.href).hash.slice(1);
  swap(parsed(await answer.text()));
  history.replaceState(null, "", link.href);
  const place = document.getElementById(target);
  place?.scrollIntoView({ block: "center" });
  place?.closest("[tabindex]")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  // The second press of a double-click may meet another button: what it stood on has been swapped.
  if (event.detail > 1 && event.target.closest?.("form[data-swap] button")) return event.preventDefault();
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  follow(link).catch(() => location.assign(link.href));
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post" && "swap" in form.dataset) {
    event.preventDefault();
    send(form, event.submitter).catch(() => location.reload()); // whether it arrived, the page will say
  } else {
    clearTimeout(asked);
    asked = 0;
    stop(); // it leads to another page, perhaps as nobody any more: nothing is to be asked for this one
  }
});
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => {
  if (event.persisted) ask();
  watch();
});
document.addEventListener("visibilitychange", () => !document.hidden && source && ask());

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes("momentum_zone=")) {
  document.cookie = `momentum_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}
