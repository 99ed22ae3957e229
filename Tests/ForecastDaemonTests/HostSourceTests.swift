// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Forecasting
import Testing

/// This machine's figures, from a tree that stands in for /proc and /sys.
@Suite struct HostSourceTests {
    static let files = [
        "proc/stat": "cpu  100 0 50 800 20 10 5 15 0 0\ncpu0 1 2 3\nctxt 7000\nprocs_running 3\n",
        "proc/loadavg": "0.52 0.40 0.31 2/345 6789\n",
        "proc/meminfo": "MemTotal:  4096 kB\nMemFree:  1 kB\nMemAvailable:  1024 kB\nCached:  2048 kB\n",
        "proc/diskstats": """
        8 0 sda 1 0 100 0 2 0 200 0
        8 1 sda1 1 0 100 0 2 0 200 0
        7 0 loop0 1 0 900 0 2 0 900 0
        253 0 dm-0 1 0 100 0 2 0 200 0

        """,
        "proc/net/dev": """
        Inter-|   Receive                         |  Transmit
         face |bytes packets errs drop fifo frame compressed multicast|bytes packets
            lo: 1024 1 0 0 0 0 0 0 1024 1
          eth0:2048 1 0 0 0 0 0 0 4096 1

        """,
        "sys/block/sda/size": "1\n", "sys/block/loop0/size": "1\n", "sys/block/dm-0/size": "1\n",
    ]

    static func tree(_ changes: [String: String] = [:]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in files.merging(changes, uniquingKeysWith: { $1 }) { try folder.write(name, text) }
        return folder
    }

    /// All figures between the tree and one with `changes`, two seconds later.
    static func figures(_ changes: [String: String]) throws -> [String: Double] {
        let (before, after) = (try tree(), try tree(changes))
        let figures = HostSource.figures(
            from: try HostCounters(root: before.path), to: try HostCounters(root: after.path), seconds: 2)
        return Dictionary(uniqueKeysWithValues: figures.map { ($0.name, $0.value) })
    }

    @Test func figuresAreWhatTheModelsPageSays() throws {
        let figures = try Self.figures([
            "proc/stat": "cpu 130 0 60 840 30 15 10 15 0 0\nctxt 7500\nprocs_running 4\n",
            "proc/diskstats": "8 0 sda 1 0 140 0 2 0 260 0\n8 1 sda1 1 0 900 0 2 0 900 0\n",
            "proc/net/dev": "\n\nlo: 3072 1 0 0 0 0 0 0 3072 1\neth0:2048 1 0 0 0 0 0 0 8192 1\n",
        ])
        #expect(
            figures == [
                "cpu.busy": 50, "cpu.system": 20, "load.1m": 0.52, "memory.used": 75, "memory.cached": 2,
                "disk.read": 10, "disk.write": 15, "network.received": 1, "network.sent": 3,
                "processes.running": 4, "context_switches": 250,
            ])
    }

    /// Two readings within one clock tick: nothing was counted, so nothing was busy.
    @Test func noTimeIsNotBusy() throws {
        let figures = try Self.figures([:])
        #expect(figures["cpu.busy"] == 0)
        #expect(figures["cpu.system"] == 0)
    }

    @Test func countersThatWereSetBackAreNoTraffic() throws {
        let figures = try Self.figures([
            "proc/net/dev": "\n\nlo: 0 1 0 0 0 0 0 0 0 1\n",
            "proc/diskstats": "8 0 sda 1 0 0 0 2 0 0 0\n",
        ])
        for name in ["network.received", "network.sent", "disk.read", "disk.write"] {
            #expect(figures[name] == 0, "\(name)")
        }
    }

    @Test func messagesHaveTheTimeAndTheHostsStreams() throws {
        let tree = try Self.tree()
        var source = try HostSource(every: .seconds(1), root: tree.path)
        let now = Time.second(5)
        let messages = try source.messages(at: now)
        #expect(messages.count == 11)
        for message in messages {
            guard case .observation(let stream, let observation) = message else {
                Issue.record("\(message)")
                continue
            }
            #expect(stream.hasPrefix("host."))
            #expect(observation.time == now)
        }
    }

    @Test(arguments: [
        ("proc/stat", "cpu 1 2 3\nctxt 1\nprocs_running 1\n", "cpu with 8 numbers"),
        ("proc/stat", "cpu 1 2 3 4 5 6 7 8\nprocs_running 1\n", "ctxt"),
        ("proc/stat", "cpu 1 2 3 4 5 6 7 8\nctxt 1\n", "procs_running"),
        ("proc/stat", "", "cpu with 8 numbers"),
        ("proc/loadavg", "", "1"),
        ("proc/loadavg", "many\n", "1"),
        ("proc/meminfo", "MemTotal: 1 kB\nCached: 1 kB\n", "MemAvailable"),
        ("proc/meminfo", "MemTotal:\nMemAvailable: 1 kB\nCached: 1 kB\n", "MemTotal"),
    ])
    func aFieldThatIsMissingIsNamed(file: String, text: String, field: String) throws {
        let tree = try Self.tree([file: text])
        let problem =
            "\(tree.path)/\(file): expected the field \(field), which this kernel does not show"
        #expect(throws: DaemonError(.inputOutput, problem)) {
            try HostSource(every: .seconds(1), root: tree.path)
        }
    }

    @Test func aMissingTreeIsNamed() {
        #expect(
            throws: DaemonError(
                .noInput, "/nowhere/proc/stat: cannot open the file: No such file or directory")
        ) { try HostSource(every: .seconds(1), root: "/nowhere") }
    }
}
