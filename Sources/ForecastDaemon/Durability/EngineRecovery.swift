// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Forecasting
package import StateStore

/// The way of an engine from what is on its disk to the state that it had.
package struct EngineRecovery<D: Disk> {
    private let plan: StatePlan
    private let disk: D
    /// What errors call the place.
    let path: String
    /// What is on the disk.
    private(set) var files: Recovery<D>

    /// Time between two reports of how far an engine has come.
    private static var reportInterval: Duration { .seconds(5) }

    /// Looks at what is on `disk`.
    ///
    /// - Parameters:
    ///   - path: What errors call the disk.
    ///   - identity: A random number, for a journal that begins here.
    ///   - options: The sizes of the journal.
    ///   - limit: As for `Recovery.init`.
    /// - Throws: A `DaemonError` where it cannot be read.
    package init(
        _ plan: StatePlan, disk: D, path: String, identity: UInt64 = .random(in: 1...(.max)),
        options: JournalOptions = JournalOptions(maximumPayload: 1 << 18), before limit: UInt64 = .max
    ) throws(DaemonError) {
        (self.plan, self.disk, self.path) = (plan, disk, path)
        do throws(StoreError) {
            files = try Recovery(
                disk, options: options, identity: identity, acceptsLoss: plan.acceptsLoss, before: limit)
        } catch { throw DaemonError(error) }
    }

    /// Lets an engine that may have more streams than memory put them into a file on the disk, which is given; nil if it may not.
    package func giveShelf(to engine: inout ForecastEngine) throws(DaemonError) -> SpillFile<D>? {
        guard engine.plan.spillLimit > 0 else { return nil }
        do throws(DiskError) {
            let file = try SpillFile(disk, identity: files.identity)
            engine.use(StreamShelf(file, path: path, report: plan.report))
            return file
        } catch { throw DaemonError(error) }
    }

    /// Gives an engine the state that it had, and what its journal goes on with.
    ///
    /// - Parameter spareRoom: Is given up where there is no room for another segment.
    /// - Throws: A `DaemonError` where the state cannot be read, or not all of it and that was not allowed.
    package consuming func recover(
        _ engine: inout ForecastEngine, spareRoom: SpareRoom<D>
    ) throws(DaemonError) -> JournalWriter<D> {
        let recovered = try load(&engine)
        let writer: JournalWriter<D>
        do throws(StoreError) { writer = try resume(spareRoom) } catch { throw DaemonError(error) }
        plan.report(.recovered(recovered))
        return writer
    }

    /// Gives an engine the state that it had, and changes nothing on the disk.
    ///
    /// - Parameter change: As for `ForecastEngine.restore`.
    mutating func load(
        _ engine: inout ForecastEngine, change: (RawSpan) -> Void = { _ in }
    ) throws(DaemonError) -> StateEvent.Recovered {
        for snapshot in files.damagedSnapshots { plan.report(.damaged("\(path)/\(snapshot)")) }
        let streams = try restore(&engine, change: change)
        let counts = try replay(to: &engine)
        for loss in files.losses { plan.report(.lost("\(path)/\(loss)")) }
        return .init(
            streams: streams, observations: counts.observations, lost: counts.lost,
            isEmpty: files.snapshot == nil && files.sequence == 0, unplaced: counts.unplaced,
            reload: counts.reload.map { StateEvent.Recovered.Reload(isSame: $0 == engine.plan.digest) })
    }

    /// Gives an engine the state in the snapshot.
    func restore(
        _ engine: inout ForecastEngine, change: (RawSpan) -> Void = { _ in }
    ) throws(DaemonError) -> Restoration {
        guard let snapshot = files.snapshot else { return Restoration() }
        var reported = ContinuousClock.now
        var reader = StateReader(snapshot) { [plan] in
            guard ContinuousClock.now - reported >= Self.reportInterval else { return }
            reported = .now
            plan.report(.replaying(observations: 0))
        }
        do throws(StateError) {
            return try engine.restore(from: &reader, change: change)
        } catch {
            throw DaemonError(
                .data,
                "\(path), snapshot through record \(snapshot.sequence): \(error); run the version of forecastd that wrote it, "
                    + "or move the directory away, after which all streams begin anew")
        }
    }

    /// Tells an engine what the journal says.
    private mutating func replay(to engine: inout ForecastEngine) throws(DaemonError) -> TurnRecord.Counts {
        var (now, counts, reported) = (Timestamp(nanoseconds: 0), TurnRecord.Counts(), ContinuousClock.now)
        while try isRecord() {
            counts.acceptsGaps = !files.losses.isEmpty
            do throws(StateError) {
                try TurnRecord.replay(files.payload, to: &engine, now: &now, counts: &counts)
            } catch { throw DaemonError(.data, "\(path), record \(files.sequence): \(error)") }
            guard ContinuousClock.now - reported >= Self.reportInterval else { continue }
            reported = .now
            plan.report(.replaying(observations: counts.observations))
        }
        // The last turn may have been cut off before its step.
        while engine.advance(at: now) {}
        return counts
    }

    /// Whether there is another record, which is then read.
    mutating func isRecord() throws(DaemonError) -> Bool {
        let step: JournalStep
        do throws(StoreError) { step = try files.next() } catch { throw DaemonError(error) }
        switch step {
        case .record: return true
        case .end, .torn: return false
        case .damaged(let damage):
            throw DaemonError(
                .data,
                "\(path)/\(damage): what they said of streams is gone; restore the file, or start with --accept-loss "
                    + "to go on without it")
        }
    }

    /// Begins a new segment; where there is no room for it, with what is kept free.
    private func resume(_ spareRoom: SpareRoom<D>) throws(StoreError) -> JournalWriter<D> {
        do throws(StoreError) {
            return try files.resume()
        } catch {
            guard case .disk(.full) = error else { throw error }
        }
        do throws(DiskError) { _ = try spareRoom.release(at: .now) } catch { throw .disk(error) }
        return try files.resume()
    }
}

extension StateReader {
    /// Reads the chunks of a snapshot.
    ///
    /// - Parameter progress: Called for each.
    init<D: Disk>(_ snapshot: SnapshotReader<D>, progress: @escaping () -> Void = {}) {
        var snapshot = snapshot
        self.init { () throws(StateError) in
            progress()
            do throws(StoreError) {
                guard try snapshot.next() else { return nil }
            } catch { throw StateError("\(error)") }
            return snapshot.chunk.withUnsafeBytes { [UInt8]($0) }
        }
    }
}
