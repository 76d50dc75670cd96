namespace PvPatch.Cli;

/// <summary>The exit codes of every verb and every format.</summary>
internal static class ExitCode
{
    /// <summary>Nothing to say.</summary>
    public const int Clean = 0;

    /// <summary>Differences or findings.</summary>
    public const int Findings = 1;

    /// <summary>Usage, I/O or malformed input.</summary>
    public const int Trouble = 2;
}
