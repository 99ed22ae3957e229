// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension StateListing {
    /// The same for a person.
    package var text: String {
        var lines = ["\(directory): \(pipelines.count) pipelines"]
        for pipeline in pipelines {
            lines += ["", "pipeline in \(pipeline.directory)"] + pipeline.lines.map { "  " + $0 }
        }
        if !before.isEmpty {
            lines += ["", "kept from before: \(before.joined(separator: ", "))"]
        }
        if let rules {
            let rows = rules.map { ["\($0.number) \($0.match)", "\($0.streams)"] }
            lines += [""] + TextTable.lines([["rule", "streams"]] + rows, right: 1..<2)
        }
        if let changed, changed > 0 {
            lines.append("\(changed) streams begin anew: they were saved under another rule or model")
        }
        if let streams {
            let rows = streams.map { [$0.stream, "\($0.ticks)", $0.time, "\($0.rule) \($0.match)"] }
            lines += [""]
            lines += TextTable.lines([["stream", "ticks", "last time", "rule"]] + rows, right: 1..<2)
        }
        return lines.joined(separator: "\n")
    }
}

extension StateListing.Pipeline {
    fileprivate var lines: [String] {
        var rows = [["file", "bytes", "through record", "written", "state"]]
        rows += snapshots.map {
            [$0.file, "\($0.bytes)", "\($0.record)", $0.time, $0.problem ?? "whole"]
        }
        rows += segments.map {
            [$0.file, "\($0.bytes)", "", "", $0.firstRecord.map { "from record \($0)" } ?? "no record"]
        }
        let journal =
            "\(records) records behind the newest whole snapshot, the last is \(lastRecord); known to be durable up to "
            + "\(durable)"
        return TextTable.lines(rows, right: 1..<3) + [journal] + (problem.map { [$0] } ?? [])
    }
}
