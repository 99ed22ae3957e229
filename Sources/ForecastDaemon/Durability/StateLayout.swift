// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore

/// A set of directories that hold all streams, one for each pipeline.
struct StateEdition: Equatable {
    /// Counted up with each one made; the first is 0.
    var number = 0
    /// Pipelines, each of which has a directory of its own.
    var pipelineCount: Int
    /// Tells with a stream's id which pipeline it belongs to.
    var seed: UInt64

    /// The names of its directories.
    var directories: [String] {
        (0..<pipelineCount).map { StateDirectory.pipelineName($0, edition: number) }
    }

    /// Which pipeline a stream belongs to, as `DistributionStage` divides them.
    func pipeline(of identifier: RawSpan) -> Int {
        DistributionStage.index(of: identifier, seed: seed, count: pipelineCount)
    }

    fileprivate var text: String {
        "forecastd state 1 pipelines \(pipelineCount) seed \(seed)"
            + (number == 0 ? "" : " edition \(number)")
    }

    fileprivate init?(text: Substring) {
        let words = text.split(separator: " ")
        guard words.count == 7 || words.count == 9,
            words.prefix(3).joined(separator: " ") == "forecastd state 1",
            let count = Int(words[4]), count > 0, let seed = UInt64(words[6]),
            let number = words.count == 7 ? 0 : Int(words[8])
        else { return nil }
        (self.number, pipelineCount, self.seed) = (number, count, seed)
    }

    init(number: Int = 0, pipelineCount: Int, seed: UInt64) {
        (self.number, self.pipelineCount, self.seed) = (number, pipelineCount, seed)
    }
}

/// Where the streams are in a directory of state: a line of text in the file `layout`, and a second one where an edition
/// before is kept.
struct StateLayout: Equatable {
    /// The edition that counts.
    var edition: StateEdition
    /// The one before, which is kept for `forecastd state revert`.
    var before: StateEdition?

    private static let name = "layout"
    private static let temporaryName = "layout.part"

    /// The layout of a directory; nil if it has none.
    static func read(from disk: LocalDisk) throws(DaemonError) -> StateLayout? {
        let text: String
        do throws(DiskError) {
            guard try disk.list().contains(name) else { return nil }
            text = try self.text(of: disk)
        } catch { throw DaemonError(error) }
        let lines = text.split(separator: "\n")
        let editions = lines.compactMap { StateEdition(text: $0) }
        guard (1...2).contains(lines.count), editions.count == lines.count else {
            throw DaemonError(
                .data,
                "\(disk.path)/\(name): expected \"forecastd state 1 pipelines N seed N\", found other text; it was written by "
                    + "another version, or is no state of forecastd: name another directory")
        }
        return StateLayout(edition: editions[0], before: editions.count == 2 ? editions[1] : nil)
    }

    /// Makes it the directory's layout: from then on its edition counts, and until then the one that did.
    func write(to disk: LocalDisk) throws(DiskError) {
        let lines = [edition, before].compactMap { $0?.text }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        let file = try disk.create(Self.temporaryName)
        try bytes.span.bytes.withUnsafeBytes { all throws(DiskError) in try file.writeAll(all, at: 0) }
        try file.synchronise()
        try disk.rename(Self.temporaryName, to: Self.name)
        try disk.synchroniseDirectory()
    }

    private static func text(of disk: LocalDisk) throws(DiskError) -> String {
        let file = try disk.open(name)
        var bytes = [UInt8](repeating: 0, count: 256)
        var span = bytes.mutableSpan
        let count = try span.withUnsafeMutableBytes { buffer throws(DiskError) in
            try file.readAll(into: buffer, at: 0)
        }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
