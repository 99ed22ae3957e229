// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A page in a real browser, `browser.py`.
final class BrowserPage {
    private let browser: Peer
    let root: String

    /// Opens what a daemon serves on a port of this machine.
    init(port: Int, _ address: String = "#/") throws {
        browser = try Peer("browser.py")
        root = "http://127.0.0.1:\(port)"
        try open(address)
    }

    // Said in words: processes started meanwhile may hold the pipe whose end would say it.
    deinit { try? browser.perform("quit", [:]) }

    func open(_ address: String) throws { try browser.perform("open", ["address": "\(root)/\(address)"]) }

    /// Waits until an expression is true for JavaScript; fails after a minute.
    func wait(_ expression: String) throws {
        _ = try browser.call("wait", ["expression": "Boolean(\(expression))"], as: Bool.self)
    }

    /// What an expression comes to.
    func value<Value: Decodable>(_ expression: String, as: Value.Type = Value.self) throws -> Value {
        try browser.call("evaluate", ["expression": expression], as: Value.self)
    }

    /// Clicks what a selector finds, as soon as there is something.
    func click(_ selector: String) throws {
        try wait("document.querySelector('\(selector)')")
        _ = try value("(document.querySelector('\(selector)').click(), true)", as: Bool.self)
    }

    func type(_ text: String) throws { try browser.perform("type", ["text": text]) }

    func press(_ key: String) throws {
        try browser.perform("key", key.count == 1 ? ["key": key, "text": key] : ["key": key])
    }

    func resize(width: Int, height: Int, isPhone: Bool) throws {
        try browser.perform("resize", ["width": width, "height": height, "is_phone": isPhone])
    }

    /// What the browser complained of so far: exceptions, errors, what the page's policy forbade.
    var complaints: [String] { get throws { try browser.call("complaints", [:]) } }

    func forgetComplaints() throws { try browser.perform("forget", [:]) }

    /// Where pictures of pages are kept, to look at after a run.
    private static let pictures = DaemonProcess.root.appending(path: ".build/pages")

    /// The page complained of nothing, and asked nobody but the daemon; a picture of it is kept.
    func expectPeace(picture: String = #function) throws {
        try FileManager.default.createDirectory(at: Self.pictures, withIntermediateDirectories: true)
        let file = Self.pictures.appending(path: "\(picture.prefix { $0 != "(" }).png")
        try browser.perform("screenshot", ["path": file.path])
        #expect(try complaints == [])
        let others = try browser.call("requests", [:], as: [String].self).filter { !$0.hasPrefix(root + "/") }
        #expect(others == [])
    }
}
