// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A part of a drawing with two axes.
struct PlotArea {
    /// A line in it, and what it is.
    struct Curve {
        /// Written above the axes; empty for nothing.
        var name = ""
        var color: String
        var points: [(x: Double, y: Double)]
        var dashes: String?
        /// Whether the points are the edge of a shaded area.
        var isArea = false
    }

    /// Where it lies in the drawing, in pixels, with room for what is written around it.
    var (x, y, width, height): (Double, Double, Double, Double)
    var title: String
    var curves: [Curve]

    /// Draws frame, axes, curves and their names.
    func draw(on drawing: inout SVGDrawing) {
        let points = curves.flatMap(\.points)
        guard !points.isEmpty else { return }
        let (horizontal, vertical) = (Axis(points.map(\.x), margin: 0), Axis(points.map(\.y), margin: 0.05))
        let (left, right, top, bottom) = (x + 56, x + width - 12, y + 28, y + height - 24)
        func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
            (
                left + (right - left) * horizontal.part(point.x),
                bottom - (bottom - top) * vertical.part(point.y)
            )
        }
        for mark in vertical.marks {
            let height = place((0, mark)).y
            drawing.line([(left, height), (right, height)], color: "#e4e4e4", width: 1)
            drawing.write(vertical.label(mark), x: left - 6, y: height + 4, anchor: .end)
        }
        for mark in horizontal.marks {
            drawing.write(horizontal.label(mark), x: place((mark, 0)).x, y: bottom + 16, anchor: .middle)
        }
        drawing.line([(left, top), (left, bottom), (right, bottom)], color: "#888888", width: 1)
        drawing.write(title, x: left, y: y + 18)
        var end = right
        for curve in curves.reversed() {
            if curve.isArea {
                drawing.area(curve.points.map(place), color: curve.color)
            } else {
                drawing.line(curve.points.map(place), color: curve.color, dashes: curve.dashes)
            }
            if curve.name.isEmpty { continue }
            drawing.write(curve.name, x: end, y: y + 18, anchor: .end, color: curve.color)
            end -= 7 * Double(curve.name.count) + 12
        }
    }
}

/// What one axis spans.
private struct Axis {
    private let low: Double
    private let high: Double
    private let step: Double

    /// An axis for the values, and a share of their span beyond either end.
    init(_ values: [Double], margin: Double) {
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        // Equal values get a span too, which their digits can show.
        let span = max(most - least, 1e-6 * max(abs(least), abs(most)), 1e-9)
        let (low, high) = (least - margin * span, max(most, least + span) + margin * span)
        let power = pow(10, floor(log10((high - low) / 4)))
        step = [1, 2, 5, 10].map { $0 * power }.first { $0 * 4.5 >= high - low } ?? 10 * power
        (self.low, self.high) = (low, high)
    }

    /// Round numbers on the axis.
    var marks: [Double] {
        Array(stride(from: (low / step).rounded(.up) * step, through: high, by: step)).map {
            $0 == 0 ? 0 : $0
        }
    }

    /// How far along a value lies, 0 to 1.
    func part(_ value: Double) -> Double { (value - low) / (high - low) }

    func label(_ mark: Double) -> String {
        if max(abs(low), abs(high)) >= 1e6 { return String(format: "%.4g", mark) }
        return String(format: "%.\(max(0, Int(-floor(log10(step)))))f", mark)
    }
}
