// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Pads stream ids to the longest seen, so that what follows stands in a column.
struct StreamColumn {
    private var width = 16

    /// The most characters that a column is widened to.
    private static let maximumWidth = 48

    mutating func padded(_ stream: String) -> String {
        width = min(Self.maximumWidth, max(width, stream.count))
        return stream + String(repeating: " ", count: max(0, width - stream.count))
    }
}
