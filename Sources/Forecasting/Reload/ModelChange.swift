// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// What a rule wants for its streams when it or its model changes while the daemon runs.
public enum ModelChange: String, Sendable, CaseIterable {
    /// They go on with all they have, where the new model can make use of it.
    case keep
    /// They keep their time line, window and scale; the new model runs over the window from zero.
    case rewarm
    /// They begin anew.
    case reset
}

/// What becomes of a stream when the rules change.
package enum StreamChange: String, Sendable, CaseIterable, BitwiseCopyable {
    /// Its rule and model are as they were: it goes on.
    case unchanged
    /// It goes on under another rule or model, with the state it has.
    case kept
    /// It goes on, and the new model has run over its window.
    case rewarmed
    /// It begins anew with its next value.
    case reset
    /// No rule matches it any more.
    case removed
}
