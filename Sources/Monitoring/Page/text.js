// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// Figures as people read them.

const none = "–";
const known = (x) => x !== null && x !== undefined && Number.isFinite(x);

/** A text with the minus sign of print, which is as wide as a plus. */
const minus = (text) => text.replaceAll("-", "−");

/** A number with five digits that matter. */
export function number(x, digits = 5) {
  if (!known(x)) return none;
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return minus(x.toExponential(3).replace("+", ""));
  return minus(String(Number(x.toPrecision(digits))));
}

/** Both ends of an interval, with the digits that tell them apart. */
export function interval(lower, upper) {
  if (!known(lower) || !known(upper)) return none;
  const step = Math.max((upper - lower) / 100, 1e-12);
  const size = Math.max(Math.abs(lower), Math.abs(upper), step);
  const digits = Math.min(Math.max(Math.ceil(Math.log10(size / step)), 2), 8);
  return `${number(lower, digits)} … ${number(upper, digits)}`;
}

/** A share as a percentage. */
export const percent = (x) => (known(x) ? `${Math.round(x * 100)} %` : none);

/** A number with its sign and two places. */
export function signed(x) {
  if (!known(x)) return none;
  const text = Math.abs(x) >= 100 ? Math.abs(x).toPrecision(3) : Math.abs(x).toFixed(2);
  return (x < 0 ? "−" : "+") + text;
}

/** A number with two places. */
export const fixed = (x) => (known(x) ? minus(x.toFixed(2)) : none);

/** A whole number, its thousands apart. */
export const count = (x) => (known(x) ? Math.round(x).toLocaleString("en").replaceAll(",", " ") : none);

/** So many per second. */
export const rate = (x) => (known(x) ? `${x >= 100 ? count(x) : number(x, 3)}/s` : none);

/** Bytes in a unit that fits. */
export function bytes(x) {
  if (!known(x)) return none;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (x >= 1024 && unit < units.length - 1) { x /= 1024; unit += 1; }
  return `${number(x, 3)} ${units[unit]}`;
}

/** Seconds in a unit that fits. */
export function duration(seconds) {
  if (!known(seconds)) return none;
  if (seconds < -1) return `−${duration(-seconds)}`;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** A short time, in a unit that fits. */
export function seconds(x) {
  if (!known(x)) return none;
  if (x < 1e-3) return `${number(x * 1e6, 3)} µs`;
  return x < 1 ? `${number(x * 1e3, 3)} ms` : `${number(x, 3)} s`;
}

/** A time of day, by this browser's clock. */
export const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString("en-GB");

/** Signs that tell statuses apart without colour. */
export const signs = { ok: "●", warming: "◐", stale: "○", anomalous: "▲", reset: "↺" };
