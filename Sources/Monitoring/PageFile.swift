// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file of the page that people watch forecasts on.
///
/// The page's own files are in the binary; the charts are drawn by dygraphs, which the system installs.
struct PageFile {
    private enum Place {
        case own([UInt8])
        case system(String)
    }

    /// The type of its contents.
    let type: String
    private let place: Place

    /// What a browser may do with the page: run and show what we serve, and ask us.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let html = "text/html; charset=utf-8"
    private static let style = "text/css; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"
    private static let dygraphs = "/usr/share/javascript/dygraphs/"

    /// The file with a path; nil if there is none.
    static func named(_ path: [String]) -> PageFile? {
        switch path {
        case [""]: own(html, PackageResources.index_html)
        case ["page", "style.css"]: own(style, PackageResources.style_css)
        case ["page", "icon.svg"]: own("image/svg+xml", PackageResources.icon_svg)
        case ["page", "main.js"]: own(script, PackageResources.main_js)
        case ["page", "feed.js"]: own(script, PackageResources.feed_js)
        case ["page", "route.js"]: own(script, PackageResources.route_js)
        case ["page", "dom.js"]: own(script, PackageResources.dom_js)
        case ["page", "text.js"]: own(script, PackageResources.text_js)
        case ["page", "overview.js"]: own(script, PackageResources.overview_js)
        case ["page", "order.js"]: own(script, PackageResources.order_js)
        case ["page", "row.js"]: own(script, PackageResources.row_js)
        case ["page", "spark.js"]: own(script, PackageResources.spark_js)
        case ["page", "stream.js"]: own(script, PackageResources.stream_js)
        case ["page", "chart.js"]: own(script, PackageResources.chart_js)
        case ["page", "cards.js"]: own(script, PackageResources.cards_js)
        case ["page", "daemon.js"]: own(script, PackageResources.daemon_js)
        case ["page", "dygraph.js"]: PageFile(type: script, place: .system("dygraph.min.js"))
        case ["page", "dygraph.css"]: PageFile(type: style, place: .system("dygraph.min.css"))
        default: nil
        }
    }

    private static func own(_ type: String, _ bytes: [UInt8]) -> PageFile {
        PageFile(type: type, place: .own(bytes))
    }

    /// Its bytes.
    func contents() throws(MonitoringProblem) -> [UInt8] {
        switch place {
        case .own(let bytes): return bytes
        case .system(let name):
            guard let data = FileManager.default.contents(atPath: Self.dygraphs + name) else {
                throw MonitoringProblem(
                    .notFound,
                    expected: "\(Self.dygraphs)\(name); install it with: apt install libjs-dygraphs",
                    found: "no such file")
            }
            return Array(data)
        }
    }
}
