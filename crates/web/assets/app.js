// The script of all pages: sheets, keys, buttons that cannot be pressed twice, and live lists. No build step, no inline
// handlers; a page works without it by links and forms.
(() => {
  "use strict";
  const body = document.body;
  const find = (selector, root = document) => root.querySelector(selector);

  // ---- sheets: data-opens="id" shows a dialog, data-closes hides the one around it; both are links without JavaScript

  document.addEventListener("click", (event) => {
    const dialog = document.getElementById(event.target.closest("[data-opens]")?.dataset.opens);
    const closing = event.target.closest("[data-closes]") || (event.target.matches("dialog") && event.target);
    if (dialog) dialog.showModal();
    else if (closing) closing.closest("dialog").close();
    else return closeMenus(event.target);
    event.preventDefault();
  });

  function closeMenus(target) {
    const menu = find(".user[open]");
    if (menu && !menu.contains(target)) menu.open = false;
  }

  const focusFirstError = (root) => find("[aria-invalid=true]:is(input, select, textarea)", root)?.focus();

  // ---- keys: silent while a field has the focus

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(body);
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (!["/", "?"].includes(event.key) || find("dialog[open]")) return;
    event.key === "/" ? find("[data-search]")?.focus() : find("#shortcuts")?.showModal();
    event.preventDefault();
  });

  // ---- forms: a submitted form waits for its answer

  document.addEventListener("submit", (event) => {
    const button = event.submitter || find("[type=submit]", event.target);
    if (event.target.method !== "post" || !button) return;
    if (button.ariaBusy === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    button.ariaBusy = "true";
  }, true);

  const notBusy = (root) => root.querySelectorAll("button[aria-busy=true]").forEach((button) => (button.ariaBusy = null));

  // A page from the back-forward cache may show old rows and a busy button.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    notBusy(document);
    reload();
  });

  // ---- htmx: empty filters stay out of the address; a lost answer is said where it was asked for

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") return;
    for (const [name, value] of [...detail.formData.entries()]) if (value === "") detail.formData.delete(name);
  });

  document.addEventListener("htmx:afterRequest", ({ detail, target }) => {
    notBusy(target);
    const notice = find("[data-trouble]", target);
    if (!notice || detail.successful || detail.xhr.status === 422) return;
    const id = detail.xhr.getResponseHeader("X-Request-Id");
    find("[data-error-id]", notice).hidden = !id;
    find("[data-error-id] code", notice).textContent = id;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
  });

  document.addEventListener("htmx:afterSwap", ({ target }) => focusFirstError(target.closest("dialog") || target));

  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    if (detail.target.id !== "message-rows") return;
    // The event stream may have brought the row already.
    detail.shouldSwap = false;
    for (const row of detail.fragment.querySelectorAll("tr")) place(row, true);
  });

  document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
    if (detail.target.id !== "toasts") return;
    const toast = detail.target.lastElementChild;
    if (toast?.matches("[data-done]")) find("dialog[open]")?.close();
    if (!rows()) reload();
    setTimeout(() => toast?.remove(), 8000);
  });

  // ---- rows: newer ones replace what is shown, new ones go on top where they belong

  const rows = () => document.getElementById("message-rows");

  function place(row, created) {
    const shown = document.getElementById(row.id);
    if (shown) {
      if (Number(row.dataset.version) <= Number(shown.dataset.version)) return;
      shown.replaceWith(row);
    } else if (created && rows() && find("[data-grows]")) {
      rows().prepend(row);
    } else return;
    row.classList.add("fresh");
  }

  function reload() {
    const view = ["#message-view", "#message-list", "#live-view"].find((selector) => find(selector));
    if (!view) return;
    // What is being read stays open.
    const open = [...document.querySelectorAll(`${view} details[open][id]`)].map(({ id }) => id);
    const done = htmx.ajax("GET", location.href, { target: view, select: view, swap: "outerHTML" });
    done?.then(() => open.forEach((id) => document.getElementById(id)?.setAttribute("open", "")));
  }

  // ---- what happened: events name a subject and its version; the page fetches what it shows of it

  const base = body.dataset.accountBase;
  const pending = new Map();
  let fetching = 0;
  let waiting = null;
  let relisting = null;

  function onMessage({ kind, subject, version }) {
    const id = subject.split(":")[1];
    const view = find("[data-subject]");
    if (view?.dataset.subject === subject && version > Number(view.dataset.version)) return reload();
    const shown = document.getElementById(`message-${id}`);
    // The list of what is due is in another order and has other rows: it is fetched as a whole, and not too often.
    if (find("[data-scheduled]")) {
      if (shown || kind === "message.created" || kind === "message.rescheduled") {
        relisting ||= setTimeout(() => ((relisting = null), reload()), 1000);
      }
      return;
    }
    const created = kind === "message.created" || pending.get(id)?.created;
    if (shown ? version <= Number(shown.dataset.version) : !(created && find("[data-grows]"))) return;
    pending.set(id, { created });
    // A burst of events for one row, or for many, becomes few requests.
    waiting ||= setTimeout(fetchPending, 100);
  }

  function fetchPending() {
    waiting = null;
    if (pending.size > 30 || (pending.size && (!rows() || rows().rows.length > 200))) {
      pending.clear();
      return reload();
    }
    for (const [id, { created }] of pending) {
      if (fetching === 4) return;
      pending.delete(id);
      fetching += 1;
      fetchRow(id, created).finally(() => {
        fetching -= 1;
        waiting ||= setTimeout(fetchPending, 0);
      });
    }
  }

  async function fetchRow(id, created) {
    const answer = await fetch(`${base}/messages/${id}/row`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const row = find("tr", holder.content);
    if (row) place(row, created);
  }

  // Pages of few rows are fetched whole; a burst becomes one request.
  let reloading = null;

  function onOther({ kind }) {
    const kinds = find("[data-follows]")?.dataset.follows.split(" ") || [];
    if (!kinds.includes(kind.split(".")[0])) return;
    reloading ||= setTimeout(() => {
      reloading = null;
      reload();
    }, 300);
  }

  // ---- one stream per browser: the tab that holds the lock listens and tells the others

  const live = find(".live");
  let last = body.dataset.eventCursor;
  let state = null;
  function show(next) {
    if (!live) return;
    state = next;
    const zone = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: body.dataset.timeZone || undefined };
    const since = new Date(next.since || Date.now()).toLocaleTimeString("en", zone);
    live.hidden = false;
    live.dataset.state = next.name;
    live.textContent = live.dataset[next.name].replace("{time}", since);
  }

  function hear({ event, lost, now }) {
    if (now) show(now);
    if (lost) reload();
    if (!event) return;
    last = event.id;
    if (event.kind.startsWith("message.")) onMessage(event);
    else onOther(event);
  }

  function lead(channel) {
    let lostAt = null;
    let wait = 1000;
    let recent = [];
    let timers = [];

    const tell = (news) => (hear(news), channel.postMessage(news));
    // A tab that just opened may have been rendered before events that were told already; versions make repeats harmless.
    channel.onmessage = ({ data }) => {
      if (!data.hello) return;
      recent = recent.filter(({ at }) => Date.now() - at < 10000);
      if (state) channel.postMessage({ now: state });
      for (const { event } of recent) channel.postMessage({ event });
    };

    function isLost() {
      if (lostAt) return;
      lostAt = Date.now();
      const after = (ms, name) => setTimeout(() => tell({ now: { name, since: lostAt } }), ms);
      timers = [after(2000, "reconnecting"), after(30000, "offline")];
    }

    function isBack() {
      lostAt = null;
      wait = 1000;
      timers.forEach(clearTimeout);
      tell({ now: { name: "live" } });
    }

    function listen() {
      const stream = new EventSource(`${base}/events${last ? `?after=${encodeURIComponent(last)}` : ""}`);
      stream.onopen = isBack;
      stream.onmessage = ({ data }) => {
        const event = JSON.parse(data);
        recent = [...recent.slice(-99), { event, at: Date.now() }];
        tell({ event });
      };
      stream.addEventListener("reload", (event) => {
        last = event.lastEventId || last;
        tell({ lost: true });
      });
      stream.onerror = () => {
        isLost();
        // While connecting, the browser tries again by itself and says what it had last.
        if (stream.readyState !== EventSource.CLOSED) return;
        setTimeout(listen, wait);
        wait = Math.min(wait * 2, 30000);
      };
    }
    isLost();
    listen();
    return new Promise(() => {}); // The lock is held until the tab goes.
  }

  const opened = find("dialog.sheet[open]");
  if (opened) {
    // The server opened it for browsers without JavaScript; with it the page behind is out of reach.
    opened.removeAttribute("open");
    opened.showModal();
  }
  focusFirstError(document);
  if (base) {
    const channel = new BroadcastChannel(`waypost:${base}`);
    channel.onmessage = ({ data }) => hear(data);
    channel.postMessage({ hello: true });
    // Locks exist in secure contexts only; on plain HTTP every tab listens for itself.
    if (navigator.locks) navigator.locks.request(`waypost:${base}`, () => lead(channel));
    else lead(channel);
  }
})();
