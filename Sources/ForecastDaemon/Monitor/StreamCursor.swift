// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A place in the list of all streams: engine by engine, in each by slot.
///
/// Streams keep their slots, and new ones come behind, so that pages neither repeat nor leave out one, however many
/// values come meanwhile.
struct StreamCursor: Equatable {
    /// The life of the daemon that the place belongs to, and the plan in force.
    var life: String
    var engine = 0
    var slot = 0
}

extension StreamCursor: CustomStringConvertible {
    var description: String { "\(life)-\(engine)-\(slot)" }

    /// Reads what `description` wrote; nil if that is not so.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let engine = ConfigurationUnits.wholeNumber(parts[1]),
            let slot = ConfigurationUnits.wholeNumber(parts[2])
        else { return nil }
        self.init(life: parts[0], engine: engine, slot: slot)
    }
}
