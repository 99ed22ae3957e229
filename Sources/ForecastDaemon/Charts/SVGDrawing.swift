// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A picture of lines and texts as SVG.
struct SVGDrawing {
    /// What a text lies at with its given point.
    enum Anchor: String { case start, middle, end }

    private let width: Int
    private let height: Int
    private var elements: [String] = []

    init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// The picture as a file has it.
    var text: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
        font-family="sans-serif" font-size="12" fill="none">
        <rect width="100%" height="100%" fill="#ffffff"/>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    /// Adds a line through the points.
    mutating func line(
        _ points: [(x: Double, y: Double)], color: String, width: Double = 1.5, dashes: String? = nil
    ) {
        let dashing = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
        elements.append(
            "<polyline points=\"\(Self.places(points))\" stroke=\"\(color)\" stroke-width=\"\(Self.digits(width))\"\(dashing)/>"
        )
    }

    /// Adds an area between the points, in a light shade of the colour.
    mutating func area(_ points: [(x: Double, y: Double)], color: String) {
        elements.append(
            "<polygon points=\"\(Self.places(points))\" fill=\"\(color)\" fill-opacity=\"0.15\"/>")
    }

    /// Adds a text whose base line begins, or is centred, or ends at a point.
    mutating func write(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, color: String = "#333333"
    ) {
        elements.append(
            "<text x=\"\(Self.digits(x))\" y=\"\(Self.digits(y))\" text-anchor=\"\(anchor)\" fill=\"\(color)\">"
                + "\(Self.escaped(text))</text>")
    }

    private static func places(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(digits($0.x)),\(digits($0.y))" }.joined(separator: " ")
    }

    private static func digits(_ number: Double) -> String { String(format: "%.1f", number) }

    private static func escaped(_ text: String) -> String {
        text.printable.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
