// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A command at work, whose output is read line by line.
///
/// It is not a Foundation process: one of those inherits the signals that the test's thread blocks, and is
/// seen to end only when processes that were started at the same moment have ended too.
final class CommandProcess {
    private var identifier = pid_t()
    private let arguments: [String]
    private let output: LineSource
    private let errors: LineSource
    private var status: Int32?

    /// Starts `forecastd` with the arguments, or another program.
    ///
    /// - Parameter file: Where standard output goes; nil for a pipe that `nextLine` reads.
    init(
        _ arguments: [String], program: String = DaemonProcess.binary.path, output file: FileHandle? = nil
    ) throws {
        self.arguments = [program] + arguments
        let (outputPipe, errorPipe) = (try Self.pipe(), try Self.pipe())
        output = LineSource(outputPipe.reading)
        errors = LineSource(errorPipe.reading)
        defer {
            close(outputPipe.writing)
            close(errorPipe.writing)
        }
        try start(output: file?.fileDescriptor ?? outputPipe.writing, errors: errorPipe.writing)
    }

    deinit {
        if status == nil, identifier > 0 {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
    }

    private func start(output: Int32, errors: Int32) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        let words = arguments.map { strdup($0) } + [nil]
        let options = DaemonProcess.sanitizerOptions.map { strdup("\($0.key)=\($0.value)") }
        let environment = [strdup("PATH=/usr/bin:/bin")] + options + [nil]
        defer { for word in words + environment { free(word) } }
        let code = posix_spawn(&identifier, arguments[0], &actions, &attributes, words, environment)
        guard code == 0 else {
            throw DaemonProcess.Failure(description: "cannot start \(arguments): \(code)")
        }
    }

    /// Two ends that no process started meanwhile inherits, as it could those of a pipe.
    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw DaemonProcess.Failure(description: "no pair of sockets")
        }
        return (ends[0], ends[1])
    }

    /// The next line of standard output.
    func nextLine() throws -> String { try output.next() }

    /// The next line of standard error.
    func nextErrorLine() throws -> String { try errors.next() }

    /// The rest of standard output, up to its end.
    func rest() throws -> [String] { try output.rest() }

    /// The rest of standard error, up to its end.
    func errorRest() throws -> [String] { try errors.rest() }

    /// Closes the reading end of standard output.
    func closeOutput() { output.close() }

    /// Sends a signal, to this process only.
    func send(_ signal: Int32) { kill(identifier, signal) }

    /// Waits for the end, of the processes that it started too; gives the exit status.
    func end() throws -> Int32 {
        try errors.readToEnd()
        var status: Int32 = 0
        waitpid(identifier, &status, 0)
        self.status = status
        guard status & 0x7F == 0 else {
            throw DaemonProcess.Failure(description: "\(arguments) ended by signal \(status & 0x7F)")
        }
        return status >> 8
    }

    /// Sends a signal, waits for the end, gives the exit status.
    func stop(_ signal: Int32 = SIGINT) throws -> Int32 {
        send(signal)
        return try end()
    }
}
