// The customers' phones: show what changed, tell that a chat was seen, and send without leaving the page.
"use strict";

const page = document.querySelector("main[data-events]");

const times = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    time.title = at.toLocaleString();
  }
};

// Changes may come faster than pages load: one request runs, and at most one more follows it.
const oneAtATime = (load) => {
  let loading = false;
  let again = false;
  return async function run() {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      await load();
    } catch {
      // The stream notices that the simulator is away and comes back by itself.
    }
    loading = false;
    if (again) {
      again = false;
      setTimeout(run, 50);
    }
  };
};

// What has not changed stays as it is, so that an open menu and a half-filled form survive news.
const replaceChanged = (log, html) => {
  const next = document.createElement("template");
  next.innerHTML = html;
  const before = new Map([...log.children].map((child) => [child.dataset.message, child]));
  const children = [...next.content.children].map((fresh) => {
    const html = fresh.outerHTML;
    const old = before.get(fresh.dataset.message);
    if (old && old.shownAs === html) return old;
    fresh.shownAs = html;
    for (const open of old ? old.querySelectorAll("details[open][data-key]") : []) {
      const same = fresh.querySelector(`details[data-key="${open.dataset.key}"]`);
      if (same && open.dataset.key !== "more") same.open = true;
    }
    times(fresh);
    return fresh;
  });
  const inPlace = children.length === log.children.length && children.every((child, at) => child === log.children[at]);
  if (!inPlace) log.replaceChildren(...children);
};

const phone = (section) => {
  const log = section.querySelector(".messages");
  const wrong = section.querySelector(".wrong");
  let typing = 0;

  const seen = () => {
    if (document.visibilityState === "visible") fetch(section.dataset.read, { method: "POST" }).catch(() => {});
  };

  const refresh = oneAtATime(async () => {
    const answer = await fetch(section.dataset.messages);
    if (!answer.ok) return;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    replaceChanged(log, await answer.text());
    waitForTyping();
    if (atEnd) log.scrollTop = log.scrollHeight;
    seen();
  });

  const waitForTyping = () => {
    clearTimeout(typing);
    const bubble = log.querySelector("[data-typing-ms]");
    if (bubble) typing = setTimeout(refresh, Number(bubble.dataset.typingMs) + 100);
  };

  const send = async (form, submitter) => {
    const data = new FormData(form, submitter);
    const isFile = form.enctype === "multipart/form-data";
    const body = isFile ? data : new URLSearchParams(data);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      wrong.hidden = answer.ok;
      if (!answer.ok) {
        wrong.textContent = (await answer.json().catch(() => ({}))).error ?? "It could not be sent";
        return;
      }
    } catch {
      wrong.hidden = false;
      wrong.textContent = "The simulator does not answer";
      return;
    }
    form.reset();
    for (const open of section.querySelectorAll(".attach[open], .item[open], .more[open], .fold[open]")) open.open = false;
    log.scrollTop = log.scrollHeight;
    refresh();
  };

  section.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-live]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  section.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest("details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  for (const child of log.children) child.shownAs = child.outerHTML;
  times(log);
  waitForTyping();
  log.scrollTop = log.scrollHeight;
  seen();
  return { digits: section.dataset.phone, refresh };
};

if (page) {
  const live = page.querySelector(".live");
  const people = page.querySelector("[data-people]");
  const phones = [...page.querySelectorAll("[data-phone]")].map(phone);

  const refreshPeople = oneAtATime(async () => {
    if (!people) return;
    const answer = await fetch(people.dataset.people);
    if (!answer.ok) return;
    const picked = new Set([...people.querySelectorAll(":checked")].map((box) => box.value));
    const focused = document.activeElement?.getAttribute?.("href");
    people.innerHTML = await answer.text();
    for (const box of people.querySelectorAll("[name=with]")) box.checked = picked.has(box.value);
    if (focused && document.activeElement === document.body) people.querySelector(`[href="${focused}"]`)?.focus();
    times(people);
  });

  const refreshAll = () => {
    for (const one of phones) one.refresh();
    refreshPeople();
  };
  const show = (state, words) => {
    live.dataset.state = state;
    live.textContent = words;
  };

  const events = new EventSource(page.dataset.events);
  events.addEventListener("open", () => {
    show("live", "Live");
    refreshAll();
  });
  events.addEventListener("changed", (event) => {
    for (const one of phones) if (event.data === one.digits || event.data === "all") one.refresh();
    refreshPeople();
  });
  events.addEventListener("error", () => show("reconnecting", "Reconnecting"));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refreshAll();
  });
  times(page);
}
