// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the documents tell their readers to type does what they say; `Tests/Documents/run.py` takes it from them and runs it.
@Suite struct DocumentationTests {
    /// All files that say how something is used, as paths below the sources' folder.
    static let documents =
        files(in: "Documentation") + files(in: "config", suffix: ".yaml") + files(in: "Clients")
        + ["README.md", "Benchmarks/Peers/README.md"]

    static func files(in folder: String, suffix: String = ".md") -> [String] {
        let all = FileManager.default.subpaths(atPath: DaemonProcess.root.appending(path: folder).path) ?? []
        return all.filter { $0.hasSuffix(suffix) }.map { "\(folder)/\($0)" }.sorted()
    }

    @Test(arguments: documents) func eachCommandIsRunOrHeld(document: String) throws {
        let (status, text) = try LossFreeTests.run(
            "Tests/Documents/run.py", [document, DaemonProcess.binary.path])
        #expect(status == 0 && text.contains("ok  \(document)"), "\(text)")
    }
}
