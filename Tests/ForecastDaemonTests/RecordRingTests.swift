// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Foundation
import Testing

/// Records pass between two threads whole, in order, and none is lost or doubled.
struct RecordRingTests {
    /// A record's length and bytes follow from its number.
    static func length(_ number: Int) -> Int { (number &* 2_654_435_761 >> 7) % 300 }

    static func fill(_ body: UnsafeMutableRawBufferPointer, _ number: Int) {
        for index in body.indices { body[index] = UInt8(truncatingIfNeeded: number &+ index) }
    }

    static func isRecord(_ body: UnsafeRawBufferPointer?, _ number: Int) -> Bool {
        guard let body, body.count == length(number) else { return false }
        return body.indices.allSatisfy { body[$0] == UInt8(truncatingIfNeeded: number &+ $0) }
    }

    @Test func isUnseenUntilFlushedAndItsRoomIsTakenUntilReleased() {
        let ring = RecordRing(minimumCapacity: 1)
        var writer = RecordWriter(ring)
        var reader = RecordReader(ring)
        var count = 0
        while let body = writer.append(Self.length(count)) {
            Self.fill(body, count)
            count += 1
        }
        #expect(count > 10 && ring.isEmpty && reader.next() == nil)
        writer.flush()
        #expect(!ring.isEmpty && !ring.hasRoom(for: 300))
        for number in 0..<count { #expect(Self.isRecord(reader.next(), number)) }
        #expect(reader.next() == nil && writer.append(Self.length(count)) == nil)
        reader.release()
        #expect(writer.append(Self.length(count)) != nil && ring.hasRoom(for: 300))
        #expect(!ring.isDrained)
        ring.finish()
        #expect(ring.isDrained, "what was appended after the last flush does not count")
    }

    /// A bell that is missed would let both threads sleep for ever.
    @Test(.timeLimit(.minutes(10)), arguments: [1, 7, 64]) func passesBetweenThreads(flushedTogether: Int)
        async throws
    {
        let ring = RecordRing(minimumCapacity: 4096)
        let (writerBell, readerBell) = (try Doorbell(), try Doorbell())
        let count = 200_000
        // Threads of their own: both sleep in a poll, which tasks must not.
        let firstWrong = await withCheckedContinuation { ended in
            Thread.detachNewThread {
                Self.write(
                    count, to: ring, together: flushedTogether, bell: writerBell, readerBell: readerBell)
            }
            Thread.detachNewThread {
                ended.resume(returning: Self.read(from: ring, bell: readerBell, writerBell: writerBell))
            }
        }
        #expect(firstWrong == count, "the first record that was not as written, or the number of all")
    }

    static func write(
        _ count: Int, to ring: RecordRing, together: Int, bell: Doorbell, readerBell: Doorbell
    ) {
        var writer = RecordWriter(ring)
        for number in 0..<count {
            while true {
                if let body = writer.append(length(number)) {
                    fill(body, number)
                    break
                }
                writer.flush()
                readerBell.ring()
                bell.sleep(atMost: -1) { ring.hasRoom(for: length(number)) }
            }
            if number % together == together - 1 {
                writer.flush()
                readerBell.ring()
            }
        }
        writer.flush()
        ring.finish()
        readerBell.ring()
    }

    static func read(
        from ring: RecordRing, bell: Doorbell, writerBell: Doorbell
    ) -> Int {
        var reader = RecordReader(ring)
        var number = 0
        while !ring.isDrained {
            bell.sleep(atMost: -1) { !ring.isEmpty || ring.isDrained }
            while let body = reader.next() {
                guard isRecord(body, number) else { return number }
                number += 1
            }
            reader.release()
            writerBell.ring()
        }
        return number
    }
}
