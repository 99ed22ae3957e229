// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
import StateStore

// What happens between turns: engines that take over, snapshots.
extension EngineStage {
    package mutating func endTurn(at now: Timestamp) -> Bool {
        guard !isWithinMessage else { return false }
        let hasSucceeded = successions.hasNews && !engine.isCopying && succeed(at: now)
        keepSnapshot(at: now)
        keepTally(at: now)
        return hasSucceeded
    }

    /// Counts all streams anew, once a second, where some have gone or come back without a forecast.
    private mutating func keepTally(at now: Timestamp) {
        guard engine.lifecycleCounts != tallied, abs(now.seconds(since: tallyTime)) >= 1 else { return }
        (tally, tallied, tallyTime) = (StatusTally(engine), engine.lifecycleCounts, now)
    }

    /// Goes on with the snapshot, if one is wanted.
    private mutating func keepSnapshot(at now: Timestamp) {
        guard let link else { return }
        log?.lookForRoom(at: now)
        if !engine.isCopying && !isHeld && link.takeSnapshotWish() { beginSnapshot(at: now) }
        guard engine.isCopying else { return }
        if link.takesMore { _ = engine.copyStreams(atMost: Self.copyLimit) }
        handOver(to: link)
        if engine.copiedByteCount > copiedLimit {
            engine.abandonCopy()
            link.put(.abandoned)
        }
    }

    /// Whether a snapshot is under way, for which the engine must go on.
    var isCopying: Bool { engine.isCopying }

    /// Lets another engine take over, if one is to; says whether one has.
    private mutating func succeed(at now: Timestamp) -> Bool {
        switch successions.next() {
        case .nothing:
            isHeld = false
            return false
        case .hold:
            isHeld = true
            return false
        case .take(let successor):
            successor.takeOver(&engine, &encoders, at: now)
            (generation, isHeld) = (successor.generation, false)
            // A question that is being answered is answered anew.
            search = nil
            tally = StatusTally(engine)
            log?.noteReload(successor.digest, at: now)
            // Until it is on the disk, a crash leads back to the state before the reload.
            link?.wantSnapshot()
            successions.hasTaken()
            return true
        }
    }

    private mutating func beginSnapshot(at now: Timestamp) {
        guard let sequence = log?.mark(at: now), let link else { return }
        log?.beginSnapshot()
        engine.note(stored: link.storedCopy)
        engine.beginCopy()
        link.put(.begin(through: sequence, copy: engine.copyNumber))
        copiedLimit = engine.copiedByteCount + Self.waitingLimit
    }

    /// Hands over what has been copied.
    private mutating func handOver(to link: StateLink) {
        while link.takesMore || !engine.isCopying, let chunk = engine.takeCopiedChunk() {
            link.put(.chunk(chunk))
        }
        if !engine.isCopying { link.put(.end) }
    }

    package var mostSleep: Int64? {
        if successions.hasNews && !engine.isCopying { return 0 }
        guard let link, engine.isCopying else { return nil }
        return link.takesMore ? 0 : 1_000_000
    }

    /// Takes the last snapshot, and waits until all is on the disk.
    mutating func keepState(at now: Timestamp) {
        guard let link else { return }
        if engine.isCopying { completeCopy(for: link) }
        link.noteLastSnapshot()
        // A disk that is full gets more room after each try.
        for _ in 0..<Self.lastTries {
            beginSnapshot(at: now)
            completeCopy(for: link)
            if link.waitForSnapshot() { break }
        }
        link.finish()
        // Only now all is known to be durable.
        log?.finish(at: now)
    }

    /// Copies what is left, as fast as the disk takes it.
    private mutating func completeCopy(for link: StateLink) {
        while engine.isCopying {
            link.waitForRoom()
            _ = engine.copyStreams(atMost: Self.copyLimit)
            handOver(to: link)
        }
    }
}
