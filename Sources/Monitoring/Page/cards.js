// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// What is known of one stream beside its curve.

import { h } from "./dom.js";
import { clock, count, fixed, number, percent, signed } from "./text.js";

const card = (title, ...children) => h("section", { class: "card" }, h("h2", {}, title), ...children);
const wideCard = (title, ...children) => h("section", { class: "card scores" }, h("h2", {}, title), ...children);

function facts(entries) {
  return h("dl", { class: "facts" }, ...entries.filter(([, value]) => value !== undefined && value !== null && value !== "–")
    .flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]));
}

/** How forecasts turned out of late, by ticks ahead: a row for each, or for some of many. */
export function scoresCard({ scores }, levels) {
  if (!scores?.length) return null;
  const step = Math.max(1, Math.ceil(scores.length / 12));
  const some = scores.filter((score, index) => index === 0 || (index + 1) % step === 0);
  const head = ["ahead", "MAE", "bias", "skill", "", ...levels.map((level) => `held of ${percent(level)}`)];
  return wideCard("How forecasts turned out of late", h("div", { class: "scroll" }, h("table", { class: "scores" },
    h("thead", {}, h("tr", {}, ...head.map((title) => h("th", {}, title)))),
    h("tbody", {}, ...some.map(({ horizon, recent }) => {
      const bar = h("i", { class: `bar ${recent.skill < 0 ? "worse" : "better"}` });
      bar.style.width = `${Math.min(Math.abs(recent.skill ?? 0), 1) * 50}%`;
      return h("tr", {}, h("td", {}, String(horizon)), h("td", {}, number(recent.mae, 3)), h("td", {}, number(recent.bias, 2)),
        h("td", {}, signed(recent.skill)), h("td", { class: "barcell" }, bar),
        ...levels.map((level) => h("td", {}, percent(recent.coverage[level]))));
    })))), h("p", { class: "note" }, "Skill is 1 − error / error of repeating the last value: above 0 is better than that."));
}

/** How far the stream can be trusted, and what went wrong on the way to it. */
export function qualityCard(report) {
  const { warm, gap, ticks, drops, senders, anomaly, drift } = report;
  const lost = senders?.reduce((sum, sender) => sum + sender.lost, 0);
  return card("Quality", facts([
    ["ticks", count(ticks)], ["warm", percent(warm)], ["filled since the last value", gap || null],
    ["lost on the way", senders ? count(lost) : null],
    ...Object.entries(drops).map(([reason, number]) => [`dropped: ${reason}`, count(number)]),
    ["alarms so far", anomaly ? count(anomaly.alarms) : null], ["newest anomaly score", anomaly ? fixed(anomaly.score) : null],
    ["drift of the model", drift ? `${fixed(drift.ratio)}${drift.limit ? ` of ${fixed(drift.limit)}` : ""}${drift.now ? ", too much" : ""}` : null],
  ]));
}

/** What was decided for the stream of late, the newest first, and of its messages those that could not be read. */
export function decisionsCard({ decisions, messages }) {
  if (!decisions.length && !messages.length) return null;
  return h("section", { class: "card wide" }, h("h2", {}, "What was decided"),
    h("dl", { class: "facts decisions" }, ...decisions.toReversed().flatMap(({ kind, last, first, count: times, text, key }) => [
      h("dt", { title: `${first} to ${last}` }, clock(Date.parse(last))),
      h("dd", { "data-kind": kind }, text, key ? h("code", {}, key) : null, times > 1 && kind !== "filled" ? `${count(times)} times` : null)]),
    ...messages.toReversed().flatMap(({ reason, last, count: times, text, payload }) => [
      h("dt", {}, clock(Date.parse(last))),
      h("dd", { "data-kind": reason }, `a message could not be read: ${text}`, h("code", {}, payload), times > 1 ? `${count(times)} times` : null)])));
}

/** What the values in the window come to, as a box between its ends. */
export function windowCard({ window, scale }) {
  if (!window) return scale ? card("Scale", facts([["mean", number(scale.mean)], ["standard deviation", number(scale.std)]])) : null;
  const { min, max, p5, p50, p95, mean, std, count: size } = window;
  const place = (y) => (max > min ? (100 * (y - min)) / (max - min) : 50);
  const box = h("i", { class: "box" });
  box.style.left = `${place(p5)}%`;
  box.style.width = `${Math.max(place(p95) - place(p5), 1)}%`;
  const middle = h("i", { class: "middle" });
  middle.style.left = `${place(p50)}%`;
  return card(`The last ${count(size)} values`, h("div", { class: "boxplot", "aria-hidden": "true" }, box, middle),
    facts([["least", number(min)], ["5 % below", number(p5)], ["median", number(p50)], ["mean", number(mean)],
      ["95 % below", number(p95)], ["most", number(max)], ["standard deviation", number(std)]]));
}

/** The model and the rule in force. */
export function ruleCard({ rule, model, revision, season, every }, { horizon }) {
  return card("Model and rule", facts([["model", model], ["revision", revision], ["rule", `${rule.number}: ${rule.match}`],
    ["ticks", every === "event" ? "each value" : `every ${every}`], ["horizon", `${horizon} ticks`], ["season", season ? `${season} ticks` : null]]));
}
