// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Testing

@Suite struct ConfigurationFileTests {
    /// Writes `bytes` to a file of its own, passes its path on, and removes it.
    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        var template = Array("/tmp/forecastd-configuration-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0)
            written += count
        }
        close(descriptor)
        return try body(path)
    }

    private func problems(_ path: String) -> String {
        do {
            _ = try DaemonConfiguration.load(path: path)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func fileIsReadAsItsText() throws {
        let text = ConfigurationSample.text(9, "# ä\nstreams_limit: 7")
        try withFile(Array(text.utf8)) { path in
            let parsed = try DaemonConfiguration.parse(text, file: path)
            #expect(try DaemonConfiguration.load(path: path) == parsed)
        }
    }

    @Test func missingFileNamesPathAndReason() {
        let path = "/nonexistent/forecastd.yaml"
        #expect(throws: ConfigurationError.unreadable(path: path, errno: ENOENT)) {
            try DaemonConfiguration.load(path: path)
        }
        #expect(problems(path) == "cannot read the configuration \(path): No such file or directory")
        #expect(problems("/tmp") == "cannot read the configuration /tmp: Is a directory")
    }

    @Test func bytesThatAreNoTextHaveAPlace() throws {
        try withFile(Array("a: 1\nb: ä".utf8) + [0xff, 0x0a]) { path in
            let problem = "expected UTF-8 text, found a byte that is none: save the file as UTF-8"
            #expect(problems(path) == "\(path):2:5: \(problem)")
        }
    }

    @Test func emptyAndEnormousFilesAreRefused() throws {
        try withFile([]) { path in
            #expect(problems(path).hasSuffix("found nothing in the file"))
        }
        try withFile([UInt8](repeating: UInt8(ascii: "#"), count: (1 << 20) + 1)) { path in
            let problem = "expected a configuration of at most 1MiB, found a larger file"
            #expect(problems(path) == "\(path):1:1: \(problem)")
        }
    }
}
