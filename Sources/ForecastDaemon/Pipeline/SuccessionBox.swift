// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The engine that is to take over from one pipeline's, on its way there and back.
///
/// All pipelines get ready before the first one changes: each says when it holds still, then all are told to go on with
/// their new engines, or none. While nothing is on its way, a pipeline's thread reads one atomic a turn.
package final class SuccessionBox: Sendable {
    /// What a pipeline's thread is to do.
    enum Step {
        /// Go on as ever.
        case nothing
        /// Begin nothing that would have to end before an engine takes over.
        case hold
        case take(Successor)
    }

    private enum Stage { case none, offered, held, agreed }

    private struct State {
        var stage = Stage.none
        var successor: Successor?
        var progress: AsyncStream<Void>.Continuation?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let isNews = Atomic<Bool>(false)
    private let doorbell: Doorbell

    /// Makes an empty box for the thread that `doorbell` wakes.
    package init(doorbell: Doorbell) { self.doorbell = doorbell }
}

// What the reload says.
extension SuccessionBox {
    /// Offers an engine; `progress` tells when the pipeline holds still for it.
    package func offer(_ successor: Successor, progress: AsyncStream<Void>.Continuation) {
        change(progress) { $0 = State(stage: .offered, successor: successor, progress: progress) }
    }

    /// Lets the pipeline go on with the engine; `progress` tells when it does.
    package func agree(progress: AsyncStream<Void>.Continuation) {
        change(progress) { ($0.stage, $0.progress) = (.agreed, progress) }
    }

    /// Lets the pipeline go on as before.
    func withdraw() { change(nil) { $0 = State() } }

    private func change(_ progress: AsyncStream<Void>.Continuation?, _ body: (inout State) -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { body(&state) }
            return state.isClosed
        }
        if isClosed { progress?.finish() }
        isNews.store(true, ordering: .sequentiallyConsistent)
        doorbell.ring()
    }
}

// What the pipeline's thread says.
extension SuccessionBox {
    /// Whether `next` has something new to say.
    var hasNews: Bool { isNews.load(ordering: .sequentiallyConsistent) }

    /// What is to be done now.
    func next() -> Step {
        isNews.store(false, ordering: .sequentiallyConsistent)
        return state.withLock { state in
            switch state.stage {
            case .none: return .nothing
            case .offered:
                state.stage = .held
                state.progress?.yield()
                return .hold
            case .held: return .hold
            case .agreed: return state.successor.map { .take($0) } ?? .nothing
            }
        }
    }

    /// Says that the engine has taken over.
    func hasTaken() {
        state.withLock { state in
            state.progress?.yield()
            state = State()
        }
    }

    /// Says that the pipeline has ended.
    func close() {
        state.withLock { state in
            state.progress?.finish()
            state = State(isClosed: true)
        }
    }
}
