// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Testing

/// What of a service manager's descriptors is taken for this process's.
@Suite(.serialized) struct PassedDescriptorsTests {
    static let us = "\(getpid())"
    /// Where those of these tests are counted from: nothing else of this process is so high.
    static let first: Int32 = 900

    static func passed(_ environment: [String: String]) -> PassedDescriptors {
        PassedDescriptors(environment: { environment[$0] }, first: first)
    }

    @Test(
        arguments: [
            (["LISTEN_PID": us, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:starts"], 901),
            (["LISTEN_PID": us, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "starts:starts"], 900),
            (["LISTEN_PID": us, "LISTEN_FDS": "2", "LISTEN_FDNAMES": ":starts"], 901),
            // The third is not open.
            (["LISTEN_PID": us, "LISTEN_FDS": "3", "LISTEN_FDNAMES": "a:b:starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:start"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "0", "LISTEN_FDNAMES": "starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "-1", "LISTEN_FDNAMES": "starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "99999999999", "LISTEN_FDNAMES": "starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDNAMES": "starts"], nil),
            (["LISTEN_PID": us, "LISTEN_FDS": "1"], nil),
            (["LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "starts"], nil),
            (["LISTEN_FDS": "1", "LISTEN_FDNAMES": "starts"], nil),
        ] as [([String: String], Int32?)])
    func onlyWhatIsForThisProcessIsTaken(environment: [String: String], descriptor: Int32?) {
        for number in Self.first..<Self.first + 2 { dup2(STDERR_FILENO, number) }
        defer { for number in Self.first..<Self.first + 2 { close(number) } }
        var passed = Self.passed(environment)
        #expect(passed.take("starts") == descriptor)
        if let descriptor { #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC) }
    }

    /// So that they are told of, and closed.
    @Test(arguments: [nil, "a:b", ""]) func thoseWithoutNamesAreUnknown(names: String?) {
        dup2(STDERR_FILENO, Self.first)
        defer { close(Self.first) }
        var passed = Self.passed(
            ["LISTEN_PID": Self.us, "LISTEN_FDS": "1"].merging(names.map { ["LISTEN_FDNAMES": $0] } ?? [:]) {
                $1
            })
        #expect(passed.take(names == "" ? "" : "unknown") == Self.first)
    }

    @Test func eachIsTakenOnce() {
        for number in Self.first..<Self.first + 2 { dup2(STDERR_FILENO, number) }
        defer { for number in Self.first..<Self.first + 2 { close(number) } }
        var passed = Self.passed(["LISTEN_PID": Self.us, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:http"])
        #expect([passed.take("http"), passed.take("http"), passed.take("http")] == [900, 901, nil])
    }
}
