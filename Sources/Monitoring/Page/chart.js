// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// The charts of one stream, drawn by dygraphs, which the daemon serves from where the system has it.

import { colour } from "./dom.js";

let loading = null;

/** Dygraphs, once it is there; fails with words for a person. */
export function dygraphs() {
  loading ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/page/dygraph.css" });
    const script = Object.assign(document.createElement("script"), { src: "/page/dygraph.js" });
    script.onload = () => {
      const { Dygraph } = window;
      // Its legend writes styles as markup, which the page's policy forbids; the page has one of its own.
      Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
      resolve(Dygraph);
    };
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error("The charts need dygraphs. On the daemon's machine: sudo apt install libjs-dygraphs, then load this page again."));
    };
    document.head.append(style, script);
  });
  return loading;
}

const triple = (y) => (y === null || y === undefined ? [null, null, null] : [y, y, y]);

/** The times of `count` ticks that follow the last of `times`, as far apart as those were of late. */
export function timesAhead(times, count) {
  const steps = times.slice(-20).map((time, index, all) => time - all[index - 1]).slice(1).sort((a, b) => a - b);
  const step = steps.length ? steps[steps.length >> 1] : 1000;
  const last = times.at(-1);
  return Array.from({ length: count }, (_, index) => last + step * (index + 1));
}

/**
 * The rows of the chart: time, value, what was forecast one tick before with its interval, the newest forecast with an
 * interval for each level, and an overlay. Each figure is low, middle, high.
 *
 * `overlay` is {path: k}, the whole forecast made k ticks ago, or {ahead: k}, for each tick what was said of it k before.
 */
export function rows(ticks, forecast, levels, overlay) {
  const times = ticks.map((tick) => tick.time);
  const ahead = timesAhead(times, Math.max(forecast.yhat.length, 1));
  const all = [...times, ...ahead];
  const said = overlaid(ticks, overlay);
  const byLevel = [...levels].reverse().map((level) => [forecast.yhat_lower?.[level], forecast.yhat_upper?.[level]]);
  const fans = byLevel.length ? byLevel : [[undefined, undefined]];
  return all.map((time, index) => {
    const tick = ticks[index];
    const before = ticks[index - 1];
    const isApart = tick && (tick.marks?.includes("reset") || tick.marks?.includes("gap"));
    const one = before && before.yhat !== undefined && !isApart && index <= ticks.length - 1
      ? [before.yhat_lower ?? before.yhat, before.yhat, before.yhat_upper ?? before.yhat] : triple(null);
    const step = index - ticks.length;
    const fan = fans.map(([lower, upper]) => {
      if (step === -1) return triple(forecast.yhat[0] === null ? null : tick.y);
      if (step < 0 || forecast.yhat[step] === null || forecast.yhat[step] === undefined) return triple(null);
      const middle = forecast.yhat[step];
      return lower ? [lower[step], middle, upper[step]] : triple(middle);
    });
    return [new Date(time), triple(tick?.y), one, ...fan, triple(said.get(index))];
  });
}

function overlaid(ticks, overlay) {
  const said = new Map();
  const last = ticks.length - 1;
  if (overlay.path) {
    const origin = ticks[last - overlay.path];
    if (!origin?.path) return said;
    said.set(last - overlay.path, origin.y);
    origin.path.forEach((y, index) => { if (y !== null) said.set(last - overlay.path + index + 1, y); });
  } else if (overlay.ahead) {
    ticks.forEach((tick, index) => {
      const y = tick.path?.[overlay.ahead - 1];
      if (y !== null && y !== undefined) said.set(index + overlay.ahead, y);
    });
  }
  return said;
}

/** The options of both charts: look, and what dygraphs would put into the page as markup is left out. */
function look() {
  return {
    customBars: true, legend: "never", fillAlpha: 0.16, strokeWidth: 1.6, gridLineColor: colour("grid"), gridLineWidth: 1,
    axisLineColor: colour("grid"), highlightCircleSize: 3, rightGap: 8, xRangePad: 6, yRangePad: 8, connectSeparatedPoints: false,
    axes: { y: { axisLabelWidth: 64 }, x: { pixelsPerLabel: 90 } },
  };
}

/** Shades ticks that stood in for values that did not come, and marks where the stream began anew and where now is. */
function underlay(ticks) {
  return (pen, area, graph) => {
    const x = (time) => graph.toDomXCoord(time);
    pen.fillStyle = colour("gap");
    ticks.forEach((tick, index) => {
      const isFilled = tick.marks?.includes("imputed") || tick.marks?.includes("gap");
      if (!isFilled || index === 0) return;
      const left = x(ticks[index - 1].time);
      pen.fillRect(left, area.y, Math.max(1, x(tick.time) - left), area.h);
    });
    pen.setLineDash([3, 3]);
    for (const tick of ticks) {
      if (tick.marks?.includes("reset")) line(pen, area, x(tick.time), colour("worse"));
    }
    line(pen, area, x(ticks.at(-1).time), colour("muted"));
    pen.setLineDash([]);
  };
}

function line(pen, area, x, ink) {
  pen.strokeStyle = ink;
  pen.beginPath();
  pen.moveTo(x, area.y);
  pen.lineTo(x, area.y + area.h);
  pen.stroke();
}

/** Puts a triangle on each anomalous value: a shape, not only a colour. */
function anomalies(ticks) {
  return (graph) => {
    const pen = graph.hidden_ctx_;
    pen.fillStyle = colour("alarm");
    for (const tick of ticks) {
      if (!(tick.anomaly_score > 1) && !tick.marks?.includes("anomalous")) continue;
      const [x, y] = graph.toDomCoords(tick.time, tick.y);
      pen.beginPath();
      pen.moveTo(x, y - 6);
      pen.lineTo(x + 5, y + 4);
      pen.lineTo(x - 5, y + 4);
      pen.fill();
    }
  };
}

/** Value, forecasts and intervals. */
export class FanChart {
  #graph = null;

  constructor(Dygraph, element, { onHover, onZoom }) {
    this.Dygraph = Dygraph;
    this.element = element;
    this.onHover = onHover;
    this.onZoom = onZoom;
  }

  /** Draws what `rows` made; `range` is the time to show, in milliseconds, or null for all. */
  draw(data, ticks, levels, range) {
    const names = levels.length ? [...levels].reverse().map((level) => `${Math.round(level * 1000) / 10} %`) : ["forecast"];
    const labels = ["time", "value", "one ahead", ...names, "overlay"];
    const fan = colour("forecast");
    const options = {
      ...look(), file: data, labels, dateWindow: range,
      colors: [colour("value"), colour("one"), ...names.map(() => fan), colour("overlay")],
      series: {
        value: { strokeWidth: 2 }, "one ahead": { strokeWidth: 1 }, overlay: { strokeWidth: 2, strokePattern: [5, 4] },
        ...Object.fromEntries(names.map((name) => [name, { strokePattern: [2, 2] }])),
      },
      underlayCallback: underlay(ticks), drawCallback: anomalies(ticks),
      highlightCallback: (event, x) => this.onHover(x), unhighlightCallback: () => this.onHover(null),
      zoomCallback: (low, high) => this.onZoom(low, high),
    };
    if (this.#graph) this.#graph.updateOptions(options);
    else this.#graph = new this.Dygraph(this.element, data, options);
  }

  /** The time that is shown, in milliseconds. */
  get range() { return this.#graph?.xAxisRange() ?? null; }

  resize() { this.#graph?.resize(); }

  destroy() { this.#graph?.destroy(); this.#graph = null; }
}

/** What was missed, tick by tick, within the interval that was said. */
export class ErrorChart extends FanChart {
  #graph = null;

  draw(ticks, range) {
    const data = ticks.map((tick, index) => {
      const before = ticks[index - 1];
      const isApart = tick.marks?.some((mark) => ["reset", "gap", "imputed"].includes(mark));
      if (!before || before.yhat === undefined || isApart) return [new Date(tick.time), triple(null), triple(null)];
      const band = before.yhat_lower === undefined ? triple(null) : [before.yhat_lower - before.yhat, 0, before.yhat_upper - before.yhat];
      return [new Date(tick.time), triple(tick.y - before.yhat), band];
    });
    const options = {
      ...look(), file: data, labels: ["time", "error", "interval"], colors: [colour("value"), colour("one")], dateWindow: range,
      series: { interval: { strokeWidth: 0.6 }, error: { strokeWidth: 1.2 } }, interactionModel: {},
    };
    if (this.#graph) this.#graph.updateOptions(options);
    else this.#graph = new this.Dygraph(this.element, data, options);
  }

  resize() { this.#graph?.resize(); }

  destroy() { this.#graph?.destroy(); this.#graph = null; }
}
