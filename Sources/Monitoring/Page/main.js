// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// The page: which view is shown, whether what it shows is live, keys and theme.

import { feed } from "./feed.js";
import { route } from "./route.js";
import { setText } from "./dom.js";
import { clock, count, rate } from "./text.js";
import { Overview } from "./overview.js";
import { StreamView } from "./stream.js";
import { DaemonView } from "./daemon.js";

const main = document.getElementById("main");
const views = {
  overview: () => overview,
  stream: ({ id, settings }) => new StreamView(id, settings),
  daemon: () => new DaemonView(),
};
const overview = new Overview();
let view = null;
let shown = null;

function show() {
  const target = route();
  const name = target.view + (target.id ?? "");
  if (name === shown) return view.restore?.(target.settings);
  view?.leave?.();
  shown = name;
  view = views[target.view](target);
  main.className = target.view;
  main.replaceChildren(view.element);
  document.title = target.id ? `${target.id} · forecastd` : "forecastd";
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.dataset.view === (target.view === "stream" ? "overview" : target.view);
    if (isHere) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  view.enter?.(target.settings);
}

function showState() {
  const { state, status, problem } = feed;
  document.documentElement.dataset.state = state;
  const words = { connecting: "connecting…", live: "live", lost: "not connected", problem: "stalled" };
  const figures = state === "live" && status
    ? ` · ${count(feed.streams.size)} streams · ${rate(status.rates?.observations)}` : "";
  setText(document.querySelector("#connection span"), words[state]);
  setText(document.querySelector("#connection small"), figures);
  const banner = document.getElementById("banner");
  banner.hidden = state !== "lost" && state !== "problem";
  if (state === "lost") {
    const since = feed.lostSince ? `What is shown is of ${clock(feed.lostSince)} and older.` : "";
    setText(banner, `No connection to the daemon. ${since} Trying again…`);
  } else if (state === "problem") {
    setText(banner, `The daemon does not answer: expected ${problem.expected}, found ${problem.found}. What is shown is old.`);
  }
}

const themes = ["", "light", "dark"];
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("theme", theme); } catch { /* a private window remembers nothing */ }
  document.dispatchEvent(new Event("theme"));
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (view !== overview) location.hash = overview.address;
    else overview.clear();
    return;
  }
  if (view.key?.(event, isTyping)) return event.preventDefault();
  if (isTyping) return;
  if (event.key === "d") location.hash = "#/daemon";
  if (event.key === "?") document.getElementById("keys").showModal();
}

try { setTheme(localStorage.getItem("theme") ?? ""); } catch { setTheme(""); }
document.getElementById("theme").addEventListener("click", () => {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
});
document.getElementById("help").addEventListener("click", () => document.getElementById("keys").showModal());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));
addEventListener("hashchange", show);
addEventListener("keydown", key);
for (const name of ["state", "second", "status"]) feed.addEventListener(name, showState);
feed.start();
show();
