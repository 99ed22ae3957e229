// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Testing

/// How long a daemon waits that failed before.
@Suite final class StartBackOffTests {
    let folder: TemporaryFolder
    /// What stands in for the memory that the service manager keeps.
    let descriptor: Int32

    init() throws {
        folder = try TemporaryFolder()
        descriptor = open(try folder.write("starts", ""), O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    /// A start at a time, in seconds since boot.
    func start(at now: Int) -> StartBackOff { StartBackOff(descriptor: descriptor, now: .seconds(now)) }

    @Test func pausesDoubleUpToAMinute() {
        var pauses: [Duration] = []
        for _ in 0..<12 {
            let start = start(at: 1000)
            pauses.append(start.pause)
            start.countStart(now: .seconds(1000))
        }
        #expect(pauses == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map { .seconds($0) })
    }

    @Test(arguments: [(0, 1), (299, 1), (300, 0), (86400, 0), (-1, 0)])
    func aLongRunBeginsAnew(seconds: Int, failures: Int) {
        start(at: 50).countStart(now: .seconds(50))
        #expect(start(at: 50 + seconds).failures == failures)
    }

    @Test func anEndWithoutFailureBeginsAnew() {
        let first = start(at: 50)
        first.countStart(now: .seconds(50))
        first.reset()
        #expect(start(at: 51).failures == 0)
    }

    /// Half a record, and counts that nobody wrote.
    @Test(
        arguments: [
            ([UInt8](repeating: 1, count: 7), 0),
            ([0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 12), 0),
            ([0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 12), 0x7FFF_FFFF),
        ] as [([UInt8], Int)])
    func anyCountIsBorne(bytes: [UInt8], failures: Int) {
        #expect(pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
        let start = start(at: 1)
        #expect(start.failures == failures && start.pause <= StartBackOff.longestPause)
        start.countStart(now: .seconds(1))
    }
}
