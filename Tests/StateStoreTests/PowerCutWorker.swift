// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import StateStore
import Testing

/// The process that `Tests/Faults/power_cuts.py` takes the disk away from; no test of its own.
///
/// It recovers what is in `FAULT_DIRECTORY`, holds it against what must have been written, and goes on writing until
/// nothing can be written any more. To `FAULT_LOG` it says `recovered LAST`, and `durable LAST NANOSECONDS` each time
/// records were synchronised, by the monotonic clock.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["FAULT_DIRECTORY"] != nil, "only for power_cuts.py"))
struct PowerCutWorker {
    static let options = JournalOptions(segmentSize: 128 << 10, maximumPayload: 400)

    @Test func writesUntilTheDiskIsGone() throws {
        let environment = ProcessInfo.processInfo.environment
        let log = try #require(FileHandle(forWritingAtPath: environment["FAULT_LOG"] ?? ""))
        func say(_ line: String) { log.write(Data("\(line)\n".utf8)) }
        do {
            let disk = try StateDirectory(path: environment["FAULT_DIRECTORY"]!, ballastSize: 0).pipeline(0)
            var recovery = try Recovery(disk, options: Self.options, identity: .random(in: 1 ... .max))
            var machine = try Self.recover(&recovery)
            var writer = try recovery.resume()
            say("recovered \(machine.count)")
            let snapshots = SnapshotStore(disk, identity: recovery.identity)
            while true {
                for _ in 0..<Int.random(in: 1...40) {
                    let message = Self.message(machine.count + 1)
                    guard writer.append(message.span.bytes) == .done else { return }
                    _ = machine.apply(message)
                }
                guard writer.write() == .done, writer.synchroniser.synchronise() == .done else { return }
                say("durable \(writer.durable) \(DispatchTime.now().uptimeNanoseconds)")
                if Int.random(in: 0..<20) == 0 {
                    var snapshot = try snapshots.begin(through: machine.count)
                    for chunk in machine.chunks { try snapshot.write(chunk.span.bytes) }
                    try snapshot.write([UInt8](repeating: 1, count: 20_000).span.bytes)
                    try snapshot.finish(durable: writer.durable)
                    try writer.synchroniser.trim(through: snapshots.superfluous())
                }
            }
        } catch DiskError.failed(_, _, EIO) {
        } catch StoreError.disk(.failed(_, _, EIO)) {
        } catch { say("wrong \(error)") }
    }

    static func message(_ number: UInt64) -> [UInt8] { Machine.message(of: 0, number, length: 50) }

    /// The machine that is in the files.
    static func recover(_ recovery: inout Recovery<LocalDisk>) throws -> Machine {
        var machine = Machine()
        if var snapshot = recovery.snapshot {
            var chunks: [[UInt8]] = []
            while try snapshot.next() { chunks.append(snapshot.chunk.withUnsafeBytes { Array($0) }) }
            machine = try #require(Machine(chunks: Array(chunks.prefix(2))))
        }
        var step = try recovery.next()
        while step == .record {
            guard machine.apply(recovery.payload.withUnsafeBytes { Array($0) }) else {
                throw StoreSimulation.End.violation("record \(recovery.sequence) is not the next")
            }
            step = try recovery.next()
        }
        if case .damaged(let damage) = step { throw StoreError.damaged(damage) }
        var expected = Machine()
        for number in 0..<machine.count { _ = expected.apply(Self.message(number + 1)) }
        guard machine == expected else {
            throw StoreSimulation.End.violation("the state is not that after record \(machine.count)")
        }
        return machine
    }
}
