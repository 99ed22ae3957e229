// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// One stream: what came, what is forecast, and how good forecasts were.

import { feed } from "./feed.js";
import { keep, streamLink } from "./route.js";
import { h, setText } from "./dom.js";
import { duration, interval, number, percent, signed, fixed, signs } from "./text.js";
import { ErrorChart, FanChart, dygraphs, rows } from "./chart.js";
import { decisionsCard, qualityCard, ruleCard, scoresCard, windowCard } from "./cards.js";

/** Ticks that are kept while one looks on, beyond those that the daemon keeps. */
const ticksLimit = 5000;

export class StreamView {
  #ticks = []; #history = null; #report = null; #decisions = null; #charts = null; #isAsking = false; #isGone = false; #lastReport = 0;
  #range = null; #overlay = { kind: "path", k: 0 };
  #listeners = { rows: (event) => { if (event.changed.has(feed.byId.get(this.id))) this.#ask(); }, second: () => this.#second(),
    state: () => { if (feed.isLive) this.#ask(); } };
  #redraw = () => this.#draw();

  constructor(id, settings) {
    this.id = id;
    this.figures = Object.fromEntries(["value", "next", "interval", "skill", "held", "age"].map((name) => [name, h("b", {}, "–")]));
    const hints = { value: "newest value", next: "forecast of the next tick", interval: "its interval", skill: "skill of late", held: "held of late", age: "age" };
    this.status = h("span", { class: "status" });
    this.fan = h("div", { class: "chart", role: "img", "aria-label": `Chart of ${id}: values, forecast and intervals` });
    this.errors = h("div", { class: "errors", role: "img", "aria-label": "Chart of what forecasts missed" });
    this.hover = h("p", { class: "hover" });
    this.message = h("p", { class: "message", hidden: true });
    this.kind = h("select", { "aria-label": "Overlay", onchange: () => this.#setOverlay({ kind: this.kind.value }) },
      h("option", { value: "path" }, "forecast made … ticks ago"), h("option", { value: "ahead" }, "each tick as forecast … before"));
    this.slider = h("input", { type: "range", min: "0", max: "1", value: "0", "aria-label": "Ticks", oninput: () => this.#setOverlay({ k: Number(this.slider.value) }) });
    this.amount = h("output", {});
    this.follow = h("button", { type: "button", hidden: true, onclick: () => this.#follow() }, "Follow the newest");
    this.cards = h("div", { class: "cards" });
    this.element = h("section", { class: "one" },
      h("div", { class: "title" }, h("a", { class: "back", href: "#/", title: "All streams (Esc)", onclick: (event) => this.#back(event) }, "←"),
        h("h1", {}, id), this.status),
      h("dl", { class: "figures" }, ...Object.entries(this.figures).map(([name, figure]) => h("div", {}, h("dt", {}, hints[name]), h("dd", {}, figure)))),
      this.message,
      h("div", { class: "panel" }, this.fan, this.hover,
        h("div", { class: "overlay" }, h("label", {}, h("i", { class: "swatch overlay" }), this.kind), this.slider, this.amount, this.follow),
        this.legend = h("p", { class: "legend" })),
      h("div", { class: "panel" }, h("h2", {}, "What forecasts of the next tick missed"), this.errors),
      this.cards);
    this.#observer = new ResizeObserver(() => { this.#charts?.fan.resize(); this.#charts?.errors.resize(); });
    this.#read(settings);
  }

  #observer;

  enter() {
    for (const [name, take] of Object.entries(this.#listeners)) feed.addEventListener(name, take);
    document.addEventListener("theme", this.#redraw);
    this.#observer.observe(this.fan);
    this.#ask();
    dygraphs().then((Dygraph) => {
      if (this.#isGone) return;
      this.#charts = {
        fan: new FanChart(Dygraph, this.fan, { onHover: (x) => this.#showHover(x), onZoom: (low, high) => this.#zoomed(low, high) }),
        errors: new ErrorChart(Dygraph, this.errors, {}),
      };
      this.#draw();
    }, (error) => this.#say(error.message));
  }

  leave() {
    this.#isGone = true;
    for (const [name, take] of Object.entries(this.#listeners)) feed.removeEventListener(name, take);
    document.removeEventListener("theme", this.#redraw);
    this.#observer.disconnect();
    this.#charts?.fan.destroy();
    this.#charts?.errors.destroy();
  }

  restore(settings) { this.#read(settings); this.#draw(); }

  key(event, isTyping) {
    if (isTyping || event.key !== "f") return false;
    this.#follow();
    return true;
  }

  #back(event) {
    event.preventDefault();
    dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  }

  #read(settings) {
    const k = Number(settings.get("k") ?? 0);
    this.#overlay = { kind: settings.get("overlay") === "ahead" ? "ahead" : "path", k: Number.isInteger(k) && k > 0 ? k : 0 };
    const [from, to] = [Number(settings.get("from")), Number(settings.get("to"))];
    this.#range = from > 0 && to > from ? [from, to] : null;
    this.kind.value = this.#overlay.kind;
  }

  #setOverlay(change) {
    this.#overlay = { ...this.#overlay, ...change };
    keep({ k: this.#overlay.k || "", overlay: this.#overlay.kind === "ahead" ? "ahead" : "" });
    this.#draw();
  }

  #zoomed(low, high) {
    const times = this.#ticks.map((tick) => tick.time);
    const isAll = low <= times[0] && high >= times.at(-1);
    this.#range = isAll ? null : [Math.round(low), Math.round(high)];
    keep({ from: isAll ? "" : this.#range[0], to: isAll ? "" : this.#range[1] });
    this.#draw();
  }

  #follow() {
    this.#range = null;
    keep({ from: "", to: "" });
    this.#draw();
  }

  #say(text) {
    this.message.hidden = !text;
    setText(this.message, text ?? "");
  }

  async #get(path) {
    const answer = await fetch(`/api/v1/streams/${encodeURIComponent(this.id)}${path}`);
    const body = await answer.json();
    if (answer.ok) return body;
    throw new Error(`Expected ${body.error.expected}; found ${body.error.found}.`);
  }

  async #ask() {
    if (this.#isAsking || this.#isGone) return;
    this.#isAsking = true;
    try {
      // Scores of all ticks ahead move slowly.
      const isDue = Date.now() - this.#lastReport > 3000;
      const [history, report, decisions] = await Promise.all([this.#get("/history"), ...(isDue ? [this.#get(""), this.#get("/decisions")] : [])]);
      if (report) { this.#report = report; this.#decisions = decisions; this.#lastReport = Date.now(); }
      this.#take(history);
      if (this.#charts) this.#say(null);
    } catch (error) {
      if (feed.isLive && !this.#isGone) this.#say(error.message);
    }
    this.#isAsking = false;
  }

  #take(history) {
    const ticks = history.ticks.map((tick) => ({ ...tick, time: Date.parse(tick.ts) }));
    history.paths.forEach((path, index) => { ticks[ticks.length - history.paths.length + index].path = path; });
    // What was seen before the daemon's own memory begins stays in sight, whole forecasts included.
    const paths = new Map(this.#ticks.map((tick) => [tick.ts, tick.path]));
    for (const tick of ticks) tick.path ??= paths.get(tick.ts);
    const older = this.#ticks.filter((tick) => tick.time < ticks[0].time);
    this.#ticks = [...older, ...ticks].slice(-ticksLimit);
    this.#history = history;
    this.#show();
    this.#draw();
  }

  #second() {
    const stream = feed.byId.get(this.id);
    if (stream?.ts) setText(this.figures.age, duration((feed.now() - stream.ts) / 1000));
    // Where no value gets in, it is the decisions that change.
    if (feed.isLive && Date.now() - this.#lastReport > 5000) this.#ask();
  }

  #show() {
    const { forecast } = this.#history;
    const stream = feed.byId.get(this.id);
    const tick = this.#ticks.at(-1);
    const next = forecast.yhat[0];
    setText(this.figures.value, number(tick.y));
    setText(this.figures.next, number(next));
    setText(this.figures.interval, next === null ? "–" : interval(tick.yhat_lower, tick.yhat_upper));
    setText(this.figures.skill, signed(stream?.skill ?? this.#report?.score?.skill));
    const level = this.#history.levels.at(-1);
    setText(this.figures.held, level ? `${percent(stream?.coverage)} of ${percent(level)}` : "–");
    setText(this.status, `${signs[forecast.status] ?? ""} ${forecast.status}`);
    this.status.dataset.status = forecast.status;
    this.#second();
    if (this.#report) {
      this.cards.replaceChildren(...[scoresCard(this.#report, this.#history.levels), qualityCard(this.#report),
        windowCard(this.#report), ruleCard(this.#report, forecast), decisionsCard(this.#decisions)].filter(Boolean));
    }
  }

  #draw() {
    if (!this.#charts || !this.#history || this.#isGone) return;
    const { levels, forecast } = this.#history;
    const { kind, k } = this.#overlay;
    const limit = kind === "path" ? this.#ticks.filter((tick) => tick.path).length - 1 : forecast.horizon;
    this.slider.max = String(Math.max(limit, 1));
    this.slider.value = String(k);
    setText(this.amount, k === 0 ? "off" : `${k} tick${k === 1 ? "" : "s"}`);
    this.follow.hidden = !this.#range;
    const data = rows(this.#ticks, forecast, levels, { [kind]: k });
    this.#charts.fan.draw(data, this.#ticks, levels, this.#range);
    this.#charts.errors.draw(this.#ticks, this.#charts.fan.range);
    this.#showLegend(levels);
  }

  #showLegend(levels) {
    if (this.legend.childElementCount) return;
    const entry = (name, text) => h("span", {}, h("i", { class: `swatch ${name}` }), text);
    this.legend.append(...[entry("value", "value"), entry("one", "as forecast one tick before"),
      entry("fan", `forecast${levels.length ? `, held ${levels.map((level) => percent(level)).join(" and ")}` : ""}`),
      entry("alarm", "anomaly"), entry("gap", "no value came")]);
  }

  #showHover(x) {
    const index = x === null ? -1 : this.#ticks.findIndex((tick) => tick.time === x);
    const tick = this.#ticks[index];
    if (!tick) return setText(this.hover, "");
    const before = this.#ticks[index - 1];
    const said = before?.yhat === undefined ? "" : ` · forecast ${number(before.yhat)} (${interval(before.yhat_lower, before.yhat_upper)}), missed by ${number(tick.y - before.yhat, 3)}`;
    const score = tick.anomaly_score === undefined ? "" : ` · anomaly ${fixed(tick.anomaly_score)}`;
    const marks = tick.marks ? ` · ${tick.marks.join(", ")}` : "";
    setText(this.hover, `${new Date(tick.time).toLocaleString("en-GB")} · value ${number(tick.y)}${said}${score}${marks}`);
  }
}
