// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Foundation
import Glibc
import RecurrentKernels
import Testing

/// Model files, what they say of their use, and what is said of them.
@Suite struct ModelFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func aFileIsReadWithItsDigest() throws {
        let bytes = try ModelSample().bytes()
        let path = try folder.write("m.safetensors", bytes)
        let model = try ModelFile(path: path)
        #expect(model.weights.shape.hiddenSize == 2)
        #expect(model.revision == model.digest.prefix(12))
        let sum = Process()
        let output = Pipe()
        sum.executableURL = URL(filePath: "/usr/bin/sha256sum")
        sum.arguments = [path]
        sum.standardOutput = output
        try sum.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        sum.waitUntilExit()
        #expect(model.digest == text.prefix(64))
    }

    private func problem(_ path: String) throws -> DaemonError {
        try #require(#expect(throws: DaemonError.self) { try ModelFile(path: path) })
    }

    @Test func aFileThatIsNoModelIsNamed() throws {
        let short = try problem(try folder.write("short", "no"))
        #expect(short.status == .data)
        #expect(short.description.hasPrefix("\(folder.path)/short: expected a safetensors file"))
        var bytes = try ModelSample().bytes()
        bytes.removeLast()
        #expect(try problem(try folder.write("cut", bytes)).status == .data)
        #expect(try problem(try folder.write("empty", "")).status == .data)
    }

    @Test func whatIsNoFileIsNamed() throws {
        let missing = try problem("\(folder.path)/none")
        #expect(
            missing
                == DaemonError(
                    .noInput, "\(folder.path)/none: cannot open the model file: No such file or directory"))
        let pipe = "\(folder.path)/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [folder.path, pipe, "/dev/null"] {
            let expected = "\(path): expected a model file, found something that is not a file"
            #expect(try problem(path) == DaemonError(.noInput, expected))
        }
    }

    @Test func aFileThatIsTooLargeIsNotRead() throws {
        let path = try folder.write("large", "")
        try #require(truncate(path, (1 << 30) + 1) == 0)
        #expect(
            try problem(path)
                == DaemonError(.data, "\(path): expected a model of at most 1 GiB, found 1073741825 bytes"))
    }

    @Test func metadataAreRead() throws {
        let all = try ModelMetadata(
            ["target": "difference", "mean": "-1.5", "std": "2e-1", "half_life": "120", "author": "me"],
            path: "m")
        #expect(all.target == .difference)
        #expect(all.means == [-1.5])
        #expect(all.deviations == [0.2])
        #expect(all.halfLife == 120)
        let none = try ModelMetadata([:], path: "m")
        #expect(none.target == nil && none.means == nil && none.deviations == nil && none.halfLife == nil)
    }

    @Test(arguments: [
        ("target", "change", "value or difference"), ("mean", "high", "a finite number"),
        ("mean", "1,,2", "a finite number"), ("inputs", "a,b,a", "names divided by commas, each once"),
        ("inputs", "a,", "names divided by commas, each once"),
        ("mean", "inf", "a finite number"), ("mean", "", "a finite number"), ("std", "0", "a number above 0"),
        ("std", "-1", "a number above 0"), ("std", "nan", "a number above 0"),
        ("half_life", "0", "ticks from 1 to 1e9"), ("half_life", "1e999", "ticks from 1 to 1e9"),
    ])
    func metadataThatAreWrongAreNamed(key: String, text: String, expected: String) {
        let problem = "m: metadata key \"\(key)\": expected \(expected), found \"\(text)\""
        #expect(throws: DaemonError(.data, problem)) { try ModelMetadata([key: text], path: "m") }
    }

    @Test func theReportHasShapesAndMetadata() throws {
        let sample = ModelSample(hidden: 3, outputs: 2, metadata: ["std": "2", "note": "a\u{1B}[2J\nb"])
        let path = try folder.write("m.safetensors", try sample.bytes())
        let report = ModelReport(try ModelFile(path: path))
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "file        \(path)")
        #expect(lines[1].hasPrefix("sha256      "))
        #expect(lines[2] == "model       nn.LSTM(1, 3, num_layers=1) + nn.Linear(3, 2)")
        #expect(lines[3] == "parameters  80")
        #expect(lines[4].hasPrefix("state       ") && lines[4].hasSuffix(" bytes per stream"))
        #expect(lines[5...6] == ["metadata    note = a\u{FFFD}[2J b", "metadata    std = 2"])
        #expect(lines.dropFirst(7).count == 6)
        #expect(lines.contains("tensor      linear.weight  F32  [2, 3]"))
        let json = try JSONSerialization.jsonObject(with: Data(try report.jsonText().utf8))
        let fields = try #require(json as? [String: Any])
        #expect(
            Set(fields.keys) == [
                "file", "digest", "input_size", "hidden_size", "layers", "outputs", "parameters",
                "state_bytes_per_stream", "metadata", "tensors",
            ])
        #expect(fields["hidden_size"] as? Int == 3)
        #expect((fields["metadata"] as? [String: String])?["std"] == "2")
        #expect((fields["tensors"] as? [[String: Any]])?.count == 6)
    }
}
