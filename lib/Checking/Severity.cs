namespace PvPatch.Checking;

/// <summary>How bad a finding is.</summary>
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Note,

    /// <summary>May be wrong.</summary>
    Warning,

    /// <summary>Is wrong.</summary>
    Error,
}
