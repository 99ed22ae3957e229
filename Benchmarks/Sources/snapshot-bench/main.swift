// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// How long a pipeline's turn takes more while its streams are copied for a snapshot. One JSON object per line.
//
// Usage: snapshot-bench STREAMS

guard CommandLine.arguments.count == 2, let streams = Int(CommandLine.arguments[1]), streams > 0 else {
    fatalError("usage: snapshot-bench STREAMS")
}
for depth in ["off", "light"] {
    var turns = CopiedTurns(
        isAdapted: depth == "light", streamCount: depth == "light" ? streams / 10 : streams)
    print(turns.measure(depth))
}
