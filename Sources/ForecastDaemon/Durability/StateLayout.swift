// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore

/// How the streams are divided in a directory of state: a line of text in the file `layout`.
struct StateLayout: Equatable {
    /// Pipelines, each of which has a directory of its own.
    var pipelineCount: Int
    /// Tells with a stream's id which pipeline it belongs to.
    var seed: UInt64

    private static let name = "layout"
    private static let temporaryName = "layout.part"

    private var text: String { "forecastd state 1 pipelines \(pipelineCount) seed \(seed)\n" }

    private init?(text: String) {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count == 7, words.prefix(3).joined(separator: " ") == "forecastd state 1",
            let count = Int(words[4]), let seed = UInt64(words[6])
        else { return nil }
        (pipelineCount, self.seed) = (count, seed)
    }

    private init(pipelineCount: Int) { (self.pipelineCount, seed) = (pipelineCount, .random(in: 0...(.max))) }

    /// The layout of a directory, which is made for so many pipelines if there is none.
    ///
    /// - Throws: A `DaemonError` where the directory is divided in another way.
    static func read(from disk: LocalDisk, pipelineCount: Int) throws(DaemonError) -> StateLayout {
        do throws(DiskError) {
            if try !disk.list().contains(name) { return try write(to: disk, pipelineCount: pipelineCount) }
        } catch { throw DaemonError(error) }
        guard let layout = StateLayout(text: try text(of: disk)) else {
            throw DaemonError(
                .data,
                "\(disk.path)/\(name): expected \"forecastd state 1 pipelines N seed N\", found other text; it was written by "
                    + "another version, or is no state of forecastd: name another directory")
        }
        guard layout.pipelineCount == pipelineCount else {
            throw DaemonError(
                .configuration,
                "state.directory: \(disk.path) holds the state of \(layout.pipelineCount) pipelines, and the configuration "
                    + "makes \(pipelineCount): write pipelines: \(layout.pipelineCount), or name another directory, where all "
                    + "streams begin anew")
        }
        return layout
    }

    private static func text(of disk: LocalDisk) throws(DaemonError) -> String {
        do throws(DiskError) {
            let file = try disk.open(name)
            var bytes = [UInt8](repeating: 0, count: 256)
            var span = bytes.mutableSpan
            let count = try span.withUnsafeMutableBytes { buffer throws(DiskError) in
                try file.read(into: buffer, at: 0)
            }
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        } catch { throw DaemonError(error) }
    }

    private static func write(to disk: LocalDisk, pipelineCount: Int) throws(DiskError) -> StateLayout {
        let layout = StateLayout(pipelineCount: pipelineCount)
        let file = try disk.create(temporaryName)
        let bytes = Array(layout.text.utf8)
        var done = 0
        while done < bytes.count {
            done += try bytes.span.bytes.withUnsafeBytes { all throws(DiskError) in
                try file.write(UnsafeRawBufferPointer(rebasing: all[done...]), at: done)
            }
        }
        try file.synchronise()
        try disk.rename(temporaryName, to: name)
        try disk.synchroniseDirectory()
        return layout
    }
}
