// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Logging
import Testing

/// What the journal gets, on a socket that stands in for its own.
@Suite struct JournalLogHandlerTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/journal" }

    init() throws { folder = try TemporaryFolder() }

    /// A logger whose standard error is `descriptor`; nil where it is not the journal's stream.
    func makeLogger(stream: String?, descriptor: Int32) -> Logger? {
        JournalLogHandler(stream: stream, descriptor: descriptor, path: path).map { handler in
            Logger(label: "forecastd", factory: { _ in handler })
        }
    }

    /// Calls `body` with an open file, and with the device and the inode by which `JOURNAL_STREAM` names it.
    func withStream<Result>(_ body: (Int32, String) throws -> Result) throws -> Result {
        let descriptor = open(try folder.write("stream", ""), O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        return try body(descriptor, "\(status.st_dev):\(status.st_ino)")
    }

    @Test func aLineHasItsFields() throws {
        let journal = try ServiceNotifierTests.Listener(at: path)
        try withStream { descriptor, stream in
            var logger = try #require(makeLogger(stream: stream, descriptor: descriptor))
            logger[metadataKey: "pipeline"] = "2"
            logger.info("http open", metadata: ["bind": "127.0.0.1:8080"])
            logger.debug("not at this level")
        }
        #expect(
            journal.take() == [
                """
                MESSAGE=http open bind=127.0.0.1:8080 pipeline=2
                PRIORITY=6
                SYSLOG_IDENTIFIER=forecastd
                FORECASTD_BIND=127.0.0.1:8080
                FORECASTD_PIPELINE=2

                """
            ])
    }

    /// A text of several lines cannot end a field and begin one of its own.
    @Test func severalLinesStayOneField() throws {
        let journal = try ServiceNotifierTests.Listener(at: path)
        try withStream { descriptor, stream in
            try #require(makeLogger(stream: stream, descriptor: descriptor)).error("a\nPRIORITY=0")
        }
        #expect(
            journal.take() == [
                "MESSAGE\n\u{C}\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=3\nSYSLOG_IDENTIFIER=forecastd\n"
            ])
    }

    @Test(
        arguments: zip(
            [Logger.Level.trace, .debug, .info, .notice, .warning, .error, .critical], [7, 7, 6, 5, 4, 3, 2]))
    func aLevelIsAPriority(level: Logger.Level, priority: Int) throws {
        let journal = try ServiceNotifierTests.Listener(at: path)
        try withStream { descriptor, stream in
            var logger = try #require(makeLogger(stream: stream, descriptor: descriptor))
            logger.logLevel = .trace
            logger.log(level: level, "x", metadata: ["1.é-b": "y"])
        }
        let lines = journal.take().flatMap { $0.split(separator: "\n").map(String.init) }
        #expect(lines.contains("PRIORITY=\(priority)") && lines.contains("FORECASTD_1___B=y"))
    }

    /// Elsewhere than in the journal's stream the log stays where standard error goes.
    @Test func anotherStreamIsLeftAlone() throws {
        try withStream { descriptor, stream in
            #expect(makeLogger(stream: nil, descriptor: descriptor) == nil)
            #expect(makeLogger(stream: stream + "1", descriptor: descriptor) == nil)
            #expect(makeLogger(stream: "", descriptor: descriptor) == nil)
            #expect(makeLogger(stream: stream, descriptor: -1) == nil)
        }
    }
}
