// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What it takes to adapt a forecast, in time and in memory. One JSON object per line.
//
// Usage: adaptation-bench MILLISECONDS     (per figure of time)

guard CommandLine.arguments.count == 2, let milliseconds = Double(CommandLine.arguments[1]) else {
    fatalError("usage: adaptation-bench MILLISECONDS")
}
for streams in [1, 100] {
    for depth in AdaptedStreams.depths {
        var streams = AdaptedStreams(depth, count: streams)
        print(streams.time(milliseconds: milliseconds))
    }
}
for depth in AdaptedStreams.depths {
    var streams = AdaptedStreams(depth, count: 2000)
    print(streams.memory())
}
