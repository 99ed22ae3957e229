// Part of forecastd. SPDX-License-Identifier: Apache-2.0
// What is looked at is in the address, so that a link shows it again: #/?q=…, #/stream/ID?k=…, #/daemon.

/** The view, the stream's id and the settings that the address says. */
export function route() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = path.split("/").filter(Boolean);
  const settings = new URLSearchParams(query);
  if (parts[0] === "daemon") return { view: "daemon", settings };
  if (parts[0] === "stream" && parts[1]) return { view: "stream", id: decode(parts[1]), settings };
  return { view: "overview", settings };
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** The address of a stream. */
export const streamLink = (id) => `#/stream/${encodeURIComponent(id)}`;

/** Writes settings into the address, without a new entry of the history; those that are empty are left out. */
export function keep(settings) {
  const [path, query = ""] = location.hash.split("?");
  const all = new URLSearchParams(query);
  for (const [name, value] of Object.entries(settings)) {
    if (value === null || value === "" || value === false) all.delete(name); else all.set(name, value);
  }
  const text = all.toString();
  history.replaceState(null, "", (path || "#/") + (text ? `?${text}` : ""));
}
