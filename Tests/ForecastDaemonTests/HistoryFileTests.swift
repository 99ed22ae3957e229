// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing
import Training

/// Files of history that a model is trained on.
struct HistoryFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func read(_ text: String) throws -> HistoryFile { try HistoryFile(path: folder.write("f.csv", text)) }

    @Test(arguments: [
        ("date,a,b\n2026-11-25 00:00,1,2\n2026-11-25 01:00,3,4\n", ["a", "b"]),  // times as text
        ("t,a\n100,1\n160,2\n220,1.5\n", ["a"]),  // numbers that rise
        ("a,b\n1,5\n2,6\n2,7\n", ["a", "b"]),  // that do not
        ("a\n1\n2\n3\n", ["a"]),  // a column alone is no time
        ("t,a,state\n1,1,on\n2,2,off\n", ["a"]),
        ("t,a,none\n1,1,\n2,2,NaN\n", ["a"]),
        ("\"t\", \"a\"\r\n1, 2\r\n\r\n2, 3\r\n", ["a"]),
    ])
    func columnsOfNumbersAreSeries(text: String, names: [String]) throws {
        let file = try read(text)
        #expect(file.series.map(\.name) == names)
        #expect(file.series.allSatisfy { $0.values.count == file.rowCount })
    }

    @Test func cellsWithoutANumberAreMissing() throws {
        let file = try read("t,a\n1,1\n2,\n3,nan\n4,null\n5,NA\n6,1e999\n7,N/A\n8,None\n9,-2.5e1\n")
        let values = try #require(file.series.first).values
        #expect(values.map(\.isNaN) == [false, true, true, true, true, true, true, true, false])
        #expect(values.first == 1 && values.last == -25)
    }

    @Test func whatIsLeftOutIsSaid() throws {
        let file = try read("t,a,state,none\n1,1,1,\n2,2,off,\n")
        #expect(
            file.notes == [
                "\(file.path): column \"state\" is left out: line 3 has \"off\"",
                "\(file.path): column \"none\" is left out: it has no values",
            ])
    }

    @Test(arguments: [
        ("", ": expected a header, found an empty file"),
        ("t,a\n", ": expected a column of numbers, found none"),
        ("t,a\n1,x\n", ": expected a column of numbers, found none"),
        (
            "t;a\n1;2,5\n",
            ":1: expected columns divided by commas, and decimal points where the numbers have commas, "
                + "found semicolons in \"t;a\""
        ),
        ("1,2.5\n2,2.6\n", ":1: expected a header that names the columns, found values, \"1,2.5\""),
        (
            "2026-01-01T00:00:00Z,2\n",
            ":1: expected a header that names the columns, found values, \"2026-01-01T00:00:00Z,2\""
        ),
        ("t\ta\n1\t2\n", ":1: expected columns divided by commas, found tabs in \"t a\""),
        ("t,a\n1,2\n3\n", ":3: expected 2 columns as in the header, found 1"),
    ])
    func whatIsWrongIsSaid(text: String, problem: String) throws {
        #expect(throws: DaemonError(.data, "\(folder.path)/f.csv\(problem)")) { try read(text) }
    }
}
