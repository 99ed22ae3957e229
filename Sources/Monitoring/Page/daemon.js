// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// The daemon: what comes in, what goes out, what is dropped and why.

import { feed } from "./feed.js";
import { h } from "./dom.js";
import { bytes, count, duration, percent, rate, seconds, signed } from "./text.js";
import { draw } from "./spark.js";

const row = (tag, cells) => h("tr", {}, ...cells.map((cell) => h(tag, {}, cell)));

function table(title, head, rows) {
  if (!rows.length) return null;
  return h("section", { class: "card wide" }, h("h2", {}, title), h("div", { class: "scroll" },
    h("table", {}, h("thead", {}, row("th", head)), h("tbody", {}, ...rows.map((cells) => row("td", cells))))));
}

const listed = (counts) => Object.entries(counts).sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${count(n)}`).join(", ") || "none";

const replayed = (replay) => replay ? [count(replay.messages), `${count(replay.requests)}, ${count(replay.too_old + replay.other_epoch)} too late`] : ["–", "–"];

const stages = { forecast: "value to forecast", turn: "whole turn", receive: "receive and decode", step: "step", publish: "encode and publish" };

const latencies = (latency) => Object.entries(stages).filter(([name]) => latency?.[name])
  .map(([name, title]) => [title, ...["p50", "p99", "most"].map((key) => seconds(latency[name][key]))]);

function kept(state) {
  if (!state) return "not kept: a restart begins anew";
  if (state.full) return `the disk is full: what comes now would be lost by a restart; ${count(state.lost)} values so far`;
  if (!state.snapshot) return "no snapshot yet";
  const age = (Date.now() - new Date(state.snapshot.time)) / 1000;
  return `snapshot of ${bytes(state.snapshot.bytes)} ${duration(age)} ago, ${count(state.failed_snapshots)} failed`;
}

function reloaded(reloads) {
  if (!reloads) return "–";
  const last = reloads.time ? `, the last ${duration((Date.now() - new Date(reloads.time)) / 1000)} ago` : "";
  return `${count(reloads.done)}${last}, ${count(reloads.failed)} failed`;
}

export class DaemonView {
  #show = () => this.#draw();
  #curves = {};

  constructor() {
    const curve = (name) => (this.#curves[name] = h("canvas", { "aria-hidden": "true" }));
    this.rates = Object.fromEntries(["observations", "forecasts", "drops", "memory"].map((name) => [name, h("b", {}, "–")]));
    const titles = { observations: "values in", forecasts: "forecasts out", drops: "dropped", memory: "memory" };
    this.tiles = h("div", { class: "tiles" }, ...Object.entries(titles).map(([name, title]) =>
      h("section", { class: "card tile" }, h("h2", {}, title), this.rates[name], curve(name))));
    this.tables = h("div", { class: "cards" });
    this.element = h("section", { class: "daemon-view" }, this.tiles, this.tables);
  }

  enter() {
    feed.addEventListener("status", this.#show);
    document.addEventListener("theme", this.#show);
    this.#draw();
  }

  leave() {
    feed.removeEventListener("status", this.#show);
    document.removeEventListener("theme", this.#show);
  }

  #draw() {
    const { status, statuses } = feed;
    if (!status) return;
    for (const name of ["observations", "forecasts", "drops"]) this.rates[name].textContent = rate(status.rates?.[name]);
    this.rates.memory.textContent = bytes(status.memory);
    for (const [name, canvas] of Object.entries(this.#curves)) {
      draw(canvas, statuses.map((each) => each[name]).filter((value) => value !== undefined), null);
    }
    this.tables.replaceChildren(...[
      this.#about(status),
      table("Inputs", ["name", "messages", "values", "dropped, by reason", "lost", "repeated", "reordered", "sender restarts"],
        status.inputs.map((input) => [input.name, count(input.messages), count(input.observations), listed(input.drops),
          count(input.lost), count(input.repeated), count(input.reordered), count(input.restarts)])),
      table("Outputs", ["name", "published", "dropped", "repeated for new subscribers", "replayed", "replay requests", "refused, by reason"],
        status.outputs.map((output) => [output.name, count(output.published), count(output.dropped), count(output.repeated), ...replayed(output.replay), listed(output.drops)])),
      table("Time that turns took, over the last seconds", ["", "half within", "99 % within", "longest"], latencies(status.latency)),
      table("Forecasts of the next tick, by rule", ["rule", "streams", "skill of late", "held of late"],
        status.scores.map(({ rule, streams, score }) => [`${rule.number}: ${rule.match}`, count(streams), signed(score.recent.skill),
          Object.entries(score.recent.coverage).map(([level, share]) => `${percent(share)} of ${percent(Number(level))}`).join(", ") || "–"])),
      table("Time lines", Object.keys(status.time), [Object.values(status.time).map(count)]),
    ].filter(Boolean));
  }

  #about(status) {
    const facts = [["version", status.version], ["running for", duration(status.uptime)], ["since", new Date(status.started).toLocaleString("en-GB")],
      ["epoch", status.epoch], ["pipelines", status.pipelines], ["streams", `${count(status.streams.known - status.streams.on_disk)} of at most ${count(status.streams.limit)} in memory`],
      ["streams on disk", count(status.streams.on_disk)],
      ["alarms", `${count(status.alarms.now)} now, ${count(status.alarms.total)} so far`], ["drifts of models", `${count(status.drifts.now)} now, ${count(status.drifts.total)} so far`],
      ["turns with more waiting than they take", status.latency ? percent(status.latency.full_turns) : "–"], ["state", kept(status.state)], ["reloads", reloaded(status.reloads)], ["states begun anew", count(status.resets)], ["pages that listen", status.viewers ? `${count(status.viewers.now)}, ${count(status.viewers.dropped)} given up as too slow` : "–"]];
    return h("section", { class: "card wide" }, h("dl", { class: "figures small" },
      ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))))));
  }
}
