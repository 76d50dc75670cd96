namespace PvPatch.Cli.Rendering;

/// <summary>Terminal colours, where they are wanted.</summary>
internal readonly record struct Paint(bool Enabled)
{
    public string Red(string text) => Wrap(text, 31);

    public string Green(string text) => Wrap(text, 32);

    public string Yellow(string text) => Wrap(text, 33);

    public string Bold(string text) => Wrap(text, 1);

    private string Wrap(string text, int code) => Enabled ? $"\e[{code}m{text}\e[0m" : text;
}
