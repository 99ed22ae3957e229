// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import StateStore

/// A file in some directory, for the store's files.
struct FilePlace {
    let disk: LocalDisk
    let name: String

    init(_ path: String) throws(DaemonError) {
        let slash = path.lastIndex(of: "/")
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard !name.isEmpty else {
            throw DaemonError(.usage, "\(path): expected the path of a file, found that of a directory")
        }
        do throws(DiskError) { disk = try LocalDisk(path: folder) } catch {
            throw DaemonError(.noInput, "\(path): expected a file in a directory that exists: \(error)")
        }
    }
}
