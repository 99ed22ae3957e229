// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Foundation
import Glibc
import Monitoring
import Testing
import ZeroMQ

/// Files of keys: how they are made, and which are refused.
@Suite struct KeyFileTests {
    private let folder: TemporaryFolder
    static let pair = CurveKeyPair.random()
    /// Its public key begins with no dash.
    static let other = CurveKeyPair(
        secretKey: CurveKey(text: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs")!)

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let path = try folder.write(name, text)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func failure(_ body: () throws -> Void) -> DaemonError? {
        do {
            try body()
            return nil
        } catch { return error as? DaemonError }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func keysAreMadeOnceAndAreForTheirOwnerAlone() throws {
        let files = try KeyFiles(name: "plant-7", directory: folder.path)
        #expect(
            files.secret == folder.path + "/plant-7.secret" && files.public == folder.path + "/plant-7.public"
        )
        #expect(try mode(files.secret) == 0o600)
        let pair = try SocketKeys.pair(path: files.secret, key: "k")
        #expect(pair.publicKey.text == files.key)
        #expect(try String(contentsOfFile: files.public, encoding: .utf8) == "\(files.key) plant-7\n")
        #expect(try ClientList.keys(path: files.public, key: "k") == [pair.publicKey])
        let again = failure { _ = try KeyFiles(name: "plant-7", directory: folder.path + "/") }
        #expect(again?.status == .cannotCreate && again?.description.contains("never overwritten") == true)
        #expect(try SocketKeys.pair(path: files.secret, key: "k") == pair)
        // The other file alone is left alone too, and nothing is left of what was begun.
        try FileManager.default.removeItem(atPath: files.secret)
        #expect(failure { _ = try KeyFiles(name: "plant-7", directory: folder.path) } != nil)
        #expect(!FileManager.default.fileExists(atPath: files.secret))
        let absent = failure { _ = try KeyFiles(name: "a", directory: folder.path + "/none") }
        #expect(absent?.status == .cannotCreate)
    }

    /// Whoever may read it.
    @Test(arguments: [0o644, 0o600]) func aPublicKeyIsNoSecret(mode: Int) throws {
        let path = try write("plant-7.public", "\(Self.pair.publicKey.text) plant-7\n", mode: mode)
        let refused = failure { _ = try SocketKeys.pair(path: path, key: "k") }
        #expect(
            refused?.description == "k: \(path): expected one line without blanks, found some in it; "
                + "this is a public key, its secret one is in NAME.secret")
        let token = failure { _ = try SecretFile.line(try write("token", "two words"), key: "k") }
        #expect(token?.description.hasSuffix("expected one line without blanks, found some in it") == true)
    }

    @Test func noPublicKeyLooksLikeAnOption() throws {
        var dashed = CurveKeyPair.random()
        while !dashed.publicKey.text.hasPrefix("-") { dashed = .random() }
        var pairs = [Self.other, dashed, dashed]
        let files = try KeyFiles(name: "k", directory: folder.path) { pairs.removeLast() }
        #expect(files.key == Self.other.publicKey.text && pairs.isEmpty)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o610, 0o601, 0o777])
    func aSecretThatOthersReachIsRefused(mode: Int) throws {
        let path = try write("key", Self.pair.secretKey.text + "\n", mode: mode)
        let error = try #require(failure { _ = try SocketKeys.pair(path: path, key: "curve.secret_key") })
        #expect(error.status == .permission)
        #expect(
            error.description.hasPrefix(
                "curve.secret_key: \(path): expected a file that its owner alone can read"))
        #expect(error.description.contains("found mode 0\(String(mode, radix: 8)): chmod 600 \(path)"))
        #expect(!error.description.contains(Self.pair.secretKey.text))
    }

    @Test(arguments: [0o600, 0o400, 0o700]) func aSecretOfItsOwnerIsRead(mode: Int) throws {
        for text in [Self.pair.secretKey.text, Self.pair.secretKey.text + "\n"] {
            let path = try write("key", text, mode: mode)
            #expect(try SocketKeys.pair(path: path, key: "k") == Self.pair)
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test(arguments: [
        "", "\n", "short\n", "two words\n", "\(pair.secretKey.text)\n\(pair.secretKey.text)\n",
        "\(pair.secretKey.text)x",
    ])
    func whatIsNoSecretIsRefused(text: String) throws {
        let path = try write("key", text)
        let error = try #require(failure { _ = try SocketKeys.pair(path: path, key: "k") })
        #expect(error.status == .configuration && error.description.hasPrefix("k: \(path): expected "))
        #expect(!error.description.contains(Self.pair.secretKey.text))
    }

    @Test func whatCannotBeReadIsRefused() throws {
        let absent = failure { _ = try SocketKeys.pair(path: folder.path + "/none", key: "k") }
        #expect(absent?.status == .noInput && absent?.description.contains("No such file") == true)
        #expect(failure { _ = try SocketKeys.pair(path: folder.path, key: "k") }?.status == .configuration)
        let large = try write("large", String(repeating: "x", count: 5000))
        #expect(failure { _ = try SocketKeys.pair(path: large, key: "k") }?.status == .configuration)
        // Nobody writes to it, and nobody waits for that.
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(failure { _ = try SocketKeys.pair(path: pipe, key: "k") }?.status == .configuration)
    }

    /// The service manager may let a group read what it hands over.
    @Test func aCredentialIsReadFromItsDirectory() throws {
        let path = try write("key", "text", mode: 0o440)
        func line(_ path: String, _ directory: String?) throws -> String {
            try SecretFile.line(path, key: "k") { $0 == "CREDENTIALS_DIRECTORY" ? directory : nil }
        }
        #expect(try line("$CREDENTIALS_DIRECTORY/key", folder.path) == "text")
        #expect(try line(path, folder.path) == "text")
        try folder.write("list", Self.pair.publicKey.text)
        #expect(
            try ClientList.keys(path: "$CREDENTIALS_DIRECTORY/list", key: "k") { _ in folder.path }
                == [Self.pair.publicKey])
        let without = try #require(failure { _ = try line("$CREDENTIALS_DIRECTORY/key", nil) })
        #expect(without.status == .configuration && without.description.contains("LoadCredential="))
        for other in [nil, folder.path + "/other", "/", ""] {
            #expect(failure { _ = try line(path, other) }?.status == .permission)
        }
        let detour = "\(folder.path)/x/../key"
        try FileManager.default.createDirectory(atPath: folder.path + "/x", withIntermediateDirectories: true)
        #expect(failure { _ = try line(detour, folder.path + "/x") }?.status == .permission)
    }

    /// Whoever owns a file can change it.
    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func aFileOfSomebodyElseIsRefused() throws {
        let files = try KeyFiles(name: "a", directory: folder.path)
        for path in [files.secret, files.public] { try #require(chown(path, 54321, 0) == 0) }
        for error in [
            failure { _ = try SocketKeys.pair(path: files.secret, key: "k") },
            failure { _ = try ClientList.keys(path: files.public, key: "k") },
        ] {
            #expect(error?.status == .permission)
            #expect(error?.description.contains("found one of the user 54321") == true, "\(error as Any)")
        }
        func here(_ name: String) -> String? { folder.path }
        let key = try SecretFile.line("$CREDENTIALS_DIRECTORY/a.secret", key: "k", environment: here)
        let list = try ClientList.keys(path: "$CREDENTIALS_DIRECTORY/a.public", key: "k", environment: here)
        #expect(CurveKey(text: key).map { CurveKeyPair(secretKey: $0).publicKey } == list.first)
    }

    /// A key may look like a path.
    @Test func aKeyInPlaceOfAPathIsNotTold() throws {
        let text = "D:/Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
        let pair = CurveKeyPair(secretKey: try #require(CurveKey(text: text)))
        let configuration = try DaemonConfiguration.parse(
            SecurityConfigurationTests.text(
                #"bind: ["tcp://*:1"]"#, end: #"curve: {clients: c, secret_key: "\#(text)"}"#),
            file: "\(folder.path)/f.yaml")
        for (key, error) in [
            ("curve.secret_key", failure { _ = try SocketKeys(configuration) }),
            ("--curve-key", failure { _ = try SocketKeys.pair(path: text, key: "--curve-key") }),
        ] {
            let error = try #require(error)
            #expect(error.status == .configuration)
            #expect(
                error.description.hasPrefix(
                    "\(key): expected the path of a file, found a key (its public one is \(pair.publicKey.text))"
                ))
            #expect(!error.description.contains(text))
        }
    }

    @Test func aListHasALineForEachClient() throws {
        let keys = (0..<3).map { _ in CurveKeyPair.random().publicKey }
        let text =
            "# who may connect\n\n\(keys[0].text)\n  \(keys[1].text)\tplant-7, hall 3\r\n#\n\(keys[2].text) # key\n\(keys[2].text)"
        #expect(try ClientList.keys(path: try write("list", text, mode: 0o644), key: "k") == Set(keys))
        #expect(try ClientList.keys(path: try write("empty", "", mode: 0o644), key: "k") == [])
    }

    @Test func aListThatOthersWriteOrThatHasOtherLinesIsRefused() throws {
        for mode in [0o664, 0o646] {
            let path = try write("list \(mode)", "", mode: mode)
            let error = try #require(failure { _ = try ClientList.keys(path: path, key: "curve.clients") })
            #expect(error.status == .permission && error.description.hasSuffix("chmod go-w \(path)"))
        }
        let path = try write("list", "\(Self.pair.publicKey.text) a\nplant-7\n", mode: 0o644)
        let error = try #require(failure { _ = try ClientList.keys(path: path, key: "curve.clients") })
        #expect(error.status == .configuration)
        #expect(
            error.description.hasPrefix("\(path):2:1: curve.clients: expected a public key, 40 characters"))
        #expect(error.description.hasSuffix("found \"plant-7\""))
    }

    @Test func aTokenIsLongEnough() throws {
        func token(_ text: String) throws -> String {
            try BearerToken(file: try write("token", text), key: "http.token").text
        }
        #expect(try token("0123456789abcdef\n") == "0123456789abcdef")
        for text in [
            "0123456789abcde", "0123456789abcde\"", String(repeating: "x", count: 513), "=123456789abcdef",
        ] {
            let error = try #require(failure { _ = try token(text) })
            #expect(error.status == .configuration && error.description.contains("16 to 512"), "\(text)")
            #expect(!error.description.contains(text))
        }
    }
}
