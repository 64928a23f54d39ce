// The customer's phone: shows what changed, tells that the chat was seen, and sends without leaving the page.
"use strict";

const page = document.querySelector("[data-phone]");
if (page) {
  const log = page.querySelector(".messages");
  const live = page.querySelector(".live");
  let loading = false;
  let again = false;
  let typing = 0;

  const times = () => {
    for (const time of log.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
      time.title = at.toLocaleString();
    }
  };

  const seen = () => {
    if (document.visibilityState === "visible") fetch(page.dataset.read, { method: "POST" }).catch(() => {});
  };

  const waitForTyping = () => {
    clearTimeout(typing);
    const bubble = log.querySelector("[data-typing-ms]");
    if (bubble) typing = setTimeout(refresh, Number(bubble.dataset.typingMs) + 100);
  };

  // Changes may come faster than pages load: one request runs, and at most one more follows it.
  async function refresh() {
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      const answer = await fetch(page.dataset.messages);
      if (answer.ok) {
        const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
        log.innerHTML = await answer.text();
        times();
        waitForTyping();
        if (atEnd) log.scrollTop = log.scrollHeight;
        seen();
      }
    } catch {
      // The stream notices that the simulator is away and comes back by itself.
    }
    loading = false;
    if (again) {
      again = false;
      setTimeout(refresh, 50);
    }
  }

  const show = (state, words) => {
    live.dataset.state = state;
    live.textContent = words;
  };
  const events = new EventSource(page.dataset.events);
  events.addEventListener("open", () => {
    show("live", "Live");
    refresh();
  });
  events.addEventListener("changed", refresh);
  events.addEventListener("error", () => show("reconnecting", "Reconnecting"));

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-live]")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    form.reset();
    await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {});
    log.scrollTop = log.scrollHeight;
    refresh();
  });

  times();
  waitForTyping();
  log.scrollTop = log.scrollHeight;
  seen();
}
