// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing

/// Rows of a CSV file as messages.
@Suite struct CSVSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// All messages of a file, in order.
    private func messages(_ text: String, prefix: String = "") throws -> [String] {
        var source = try CSVSource(path: try folder.write("f.csv", text), speed: nil, prefix: prefix)
        var messages: [String] = []
        while try source.nextDue() != nil {
            messages += try source.messages(at: Time.second(0)).map(\.summary)
        }
        return messages
    }

    @Test(arguments: [
        ("a row", "t,a,b\n1700000001,2,3.5\n", ["a 1.0 2.0", "b 1.0 3.5"]),
        ("no end of the last line", "t,a\n1700000001,2", ["a 1.0 2.0"]),
        ("line ends of Windows", "t,a\r\n1700000001,2\r\n", ["a 1.0 2.0"]),
        ("a byte order mark", "\u{FEFF}t,a\n1700000001,2\n", ["a 1.0 2.0"]),
        ("empty lines", "t,a\n\n1700000001,2\n\n", ["a 1.0 2.0"]),
        ("quotes and blanks", "\"t\", \"a\"\n\"1700000001\" , \"2\"\n", ["a 1.0 2.0"]),
        ("only a header", "t,a\n", []),
        ("cells without a value", "t,a,b,c,d\n1700000001,,nan,NA,null\n", []),
        ("some cells without a value", "t,a,b\n1700000001,,-2e-3\n", ["b 1.0 -0.002"]),
        ("parts of seconds", "t,a\n1700000000.25,1\n", ["a 0.25 1.0"]),
        ("ISO with Z", "t,a\n2023-11-14T22:13:21Z,1\n", ["a 1.0 1.0"]),
        ("ISO with an offset", "t,a\n2023-11-14T23:13:21.5+01:00,1\n", ["a 1.5 1.0"]),
        ("ISO without a zone is UTC", "t,a\n2023-11-14 22:13:21,1\n", ["a 1.0 1.0"]),
        ("a date", "t,a\n2023-11-15,1\n", ["a 6400.0 1.0"]),
        ("times that go backwards", "t,a\n1700000002,1\n1700000001,2\n", ["a 2.0 1.0", "a 1.0 2.0"]),
    ])
    func rowsBecomeMessages(name: String, text: String, expected: [String]) throws {
        #expect(try messages(text) == expected)
    }

    @Test func streamsBeginWithThePrefix() throws {
        #expect(try messages("t,a\n1700000001,2\n", prefix: "plant.") == ["plant.a 1.0 2.0"])
    }

    private static let time =
        "a time as 2026-11-23T06:59:40Z, as 2026-11-23 06:59:40 (UTC), or in seconds since 1970"

    @Test(arguments: [
        ("", "0: expected a header, found an empty file"),
        ("t\n", "1: expected a header with a time and at least one stream, divided by commas, found \"t\""),
        (
            "t;a\n1;2\n",
            "1: expected columns divided by commas, and decimal points where the numbers have commas, found semicolons in "
                + "\"t;a\""
        ),
        ("t,a b\n", "1: expected column names of A-Z a-z 0-9 . _ : / -, found \"a b\""),
        ("t,a,\n", "1: expected column names of A-Z a-z 0-9 . _ : / -, found \"\""),
        ("t,a,a\n", "1: expected columns of different names, found \"t,a,a\""),
        ("t,a\n1,2\n1,2,3\n", "3: expected 2 columns, found 3"),
        ("t,a\n\n1\n", "3: expected 2 columns, found 1"),
        ("t,a\n1,\"2,5\"\n", "2: expected 2 columns, found 3"),
        ("t,a\nnoon,2\n", "2: expected \(time), found \"noon\""),
        ("t,a\n0x10,2\n", "2: expected \(time), found \"0x10\""),
        ("t,a\n1700000000000,2\n", "2: expected \(time), found \"1700000000000\""),
        ("t,a\n1,2\n2,warm\n", "3: expected a finite number, or nothing, found \"warm\""),
        ("t,a\n1,0x10\n", "2: expected a finite number, or nothing, found \"0x10\""),
        ("t,a\n1,inf\n", "2: expected a finite number, or nothing, found \"inf\""),
        ("t,a\n1,1e999\n", "2: expected a finite number, or nothing, found \"1e999\""),
        ("t,a\n1,\u{1B}[2J\n", "2: expected a finite number, or nothing, found \"\u{FFFD}[2J\""),
    ])
    func whatIsWrongIsNamedWithItsLine(text: String, problem: String) throws {
        #expect(throws: DaemonError(.data, "\(folder.path)/f.csv:\(problem)")) { try messages(text) }
    }

    /// What is no CSV file at all is refused before it fills the memory or the terminal.
    @Test func aLineWithoutEndIsRefused() throws {
        let path = try folder.write("f.csv", [UInt8](repeating: 0, count: (1 << 20) + 1))
        #expect(throws: DaemonError(.data, "\(path):1: expected lines of at most 1 MiB, found a longer one"))
        {
            try CSVSource(path: path, speed: nil, prefix: "")
        }
        let garbage = try folder.write("g.csv", [0x1B, 0xFF, 0x00, 0x9B] + [UInt8](repeating: 7, count: 500))
        let problem = #expect(throws: DaemonError.self) {
            try CSVSource(path: garbage, speed: nil, prefix: "")
        }
        #expect((problem?.description.unicodeScalars.allSatisfy { $0.value >= 0x20 }) == true)
        #expect((problem?.description.count ?? .max) < 300)
    }

    @Test func aFileThatCannotBeReadIsNamed() {
        let missing = "\(folder.path)/none.csv"
        #expect(throws: DaemonError(.noInput, "\(missing): cannot open the file: No such file or directory"))
        {
            try CSVSource(path: missing, speed: nil, prefix: "")
        }
        #expect(throws: DaemonError(.noInput, "\(folder.path): cannot read the file: Is a directory")) {
            try CSVSource(path: folder.path, speed: nil, prefix: "")
        }
    }

    /// The pace: seconds of the file over the speed, from the first row's; none backwards.
    @Test(arguments: [0.5, 1, 60])
    func rowsAreDueAtTheFilesPace(speed: Double) throws {
        let path = try folder.write("f.csv", "t,a\n100,1\n130,2\n90,3\n220.5,4\n")
        var source = try CSVSource(path: path, speed: speed, prefix: "")
        var dues: [ContinuousClock.Instant] = []
        while let due = try source.nextDue() { dues.append(due) }
        let seconds = dues.map { ($0 - dues[0]) / .seconds(1) * speed }
        #expect(zip(seconds, [0, 30, 0, 120.5]).allSatisfy { abs($0 - $1) < 1e-6 }, "\(seconds)")
        #expect(seconds.count == 4)
    }
}
