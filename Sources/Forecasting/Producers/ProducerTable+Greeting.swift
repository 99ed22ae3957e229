// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// How producers come and go.
extension ProducerTable {
    /// Remembers a producer of an earlier life.
    ///
    /// - Parameters:
    ///   - certain: All messages up to this number were applied.
    ///   - received: Some up to this number were.
    ///   - now: When it was last heard of, as far as is known.
    package mutating func remember(
        _ key: RawSpan, certain: UInt64, received: UInt64, at now: Timestamp
    ) {
        guard producers.slot(of: key) == nil, let slot = makeRoom(at: now, for: key) else { return }
        rows[slot].heard = now
        rows[slot].certain = certain
        rows[slot].doubtful = certain < received ? received : 0
        rows[slot].skip(to: received)
    }

    /// The slot of a producer that another peer than this one says to be.
    package func otherSession(of key: RawSpan, than peer: RawSpan) -> Int? {
        guard let slot = producers.slot(of: key).map({ Int($0) }), rows[slot].peer >= 0 else { return nil }
        return peers.slot(of: peer).map { Int($0) } == rows[slot].peer ? nil : slot
    }

    /// A peer says which producer it is; whoever said so before is not any more.
    ///
    /// - Parameter first: The first message that it can still send: it has been told that all before are kept. 0 where it
    ///   does not know, because it remembers nothing.
    /// - Returns: False if there is no room for another producer. Otherwise it will be welcomed.
    package mutating func greet(_ peer: RawSpan, as key: RawSpan, first: UInt64, at now: Timestamp) -> Bool {
        guard let slot = producers.slot(of: key).map({ Int($0) }) ?? makeRoom(at: now, for: key) else {
            counted.refused += 1
            return false
        }
        let former = producer(of: peer)
        if former != slot {
            if let former { disconnect(former) }
            disconnect(slot)
            let place = Int(peers.insert(peer))
            (producerOfPeer[place], rows[slot].peer) = (slot, place)
        }
        rows[slot].heard = now
        goOn(slot, first: first)
        (rows[slot].isGreeted, rows[slot].isResendDue) = (true, false)
        tell(slot)
        return true
    }

    /// Finds out which message a producer is to go on with.
    private mutating func goOn(_ slot: Int, first: UInt64) {
        let row = rows[slot]
        if first > row.received + 1 {
            // It was told that these are kept, and the memory of that is gone.
            if row.received > 0 { counted.lost += first - row.received - 1 }
            rows[slot].skip(to: first - 1)
        } else if first > 0 && row.certain < row.received {
            let last = max(row.certain, first - 1)
            (rows[slot].received, rows[slot].acknowledged) = (last, last)
            (rows[slot].marked, rows[slot].newest) = (ProducerRow.Mark(), ProducerRow.Mark())
        }
        rows[slot].certain = rows[slot].received
    }

    /// A producer's peer is not there any more.
    package mutating func disconnect(_ slot: Int) {
        guard rows[slot].peer >= 0 else { return }
        peers.remove(UInt32(rows[slot].peer))
        rows[slot].peer = -1
    }

    /// The slot of a new producer; nil if there is no room, and nobody is silent for long enough to give way.
    private mutating func makeRoom(at now: Timestamp, for key: RawSpan) -> Int? {
        if producers.count == producers.capacity {
            guard let oldest = longestSilent,
                now.nanoseconds - rows[oldest].heard.nanoseconds >= limits.retention
            else { return nil }
            disconnect(oldest)
            producers.remove(UInt32(oldest))
        }
        let slot = Int(producers.insert(key))
        var row = ProducerRow()
        row.isDue = rows[slot].isDue
        rows[slot] = row
        return slot
    }

    /// The producer of which nothing was heard for longest, of those of which all is kept.
    private var longestSilent: Int? {
        rows.indices.filter { !rows[$0].isTouched && !rows[$0].isWaiting }
            .min { rows[$0].heard < rows[$1].heard }
    }
}
