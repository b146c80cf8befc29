# Finds the decisions of a C++ source and makes a mutant of each:
#   never: if (...), always: if (...)   a condition made false, made true
#   without `x`                         one operand of && or || left out
#   `<=` for `<`                        a comparison moved by one at its edge
#   dropped: f(...);                    a statement left out: a TRY whose value nobody uses, a noted fault, an assignment
# It relies on how the house writes: spaces around operators, one statement a line.
package Mutants;
use strict;
use warnings;

my $not_code = qr{
    //[^\n]* | /\*.*?\*/ | R"(\w*)\(.*?\)\g{-1}" | "(?:\\.|[^"\\\n])*"
  | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'          # not the ' of 1'000
  | ^\#(?:\\\n|[^\n])*
}xsm;
my $before_block = qr/(?:\)|\b(?:const|do|else|final|mutable|noexcept|override|try)|->\s*[\w:<>*& ]+)\s*\z/;
my %closing = ('(' => ')', '[' => ']', '{' => '}');

# found($text): a list of { number, line, change, wraps => [[position, text before, end, text after], …] }.
sub found {
  my ($text) = @_;
  my $self = bless { text => $text, code => blanked($text), mutants => [] }, __PACKAGE__;
  $self->match_brackets;
  $self->conditions;
  $self->operands;
  $self->edges;
  $self->statements;
  $_->{number} = 0 for @{ $self->{mutants} };
  my @sorted = sort { $a->{at} <=> $b->{at} || $a->{change} cmp $b->{change} } @{ $self->{mutants} };
  $sorted[$_]{number} = $_ for 0 .. $#sorted;
  return @sorted;
}

# written($text, $awake, @mutants): the source with all of them in it; $awake is the name of the function that knows which
# one is awake.
sub written {
  my ($text, $awake, @mutants) = @_;
  my @inserts;
  for my $mutant (@mutants) {
    my ($from, $to) = @$mutant{qw(at end)};
    my $is_awake = "$awake($mutant->{number})";
    my ($before, $after) = map { s/AWAKE/$is_awake/gr } @$mutant{qw(before after)};
    push @inserts, { at => $from, order => [1, $from - $to, $mutant->{rank} // 0], text => $before };
    push @inserts, { at => $to, order => [0, $to - $from, -($mutant->{rank} // 0)], text => $after } if $after ne '';
  }
  my $place = sub { $_[0]{at} <=> $_[1]{at} || $_[0]{order}[0] <=> $_[1]{order}[0] || $_[0]{order}[1] <=> $_[1]{order}[1]
      || $_[0]{order}[2] <=> $_[1]{order}[2] };
  my ($out, $done) = ('', 0);
  for my $insert (sort { $place->($a, $b) } @inserts) {
    $out .= substr($text, $done, $insert->{at} - $done) . $insert->{text};
    $done = $insert->{at};
  }
  return $out . substr($text, $done);
}

# The text with comments, strings and directives blanked, every position kept.
sub blanked {
  my ($text) = @_;
  $text =~ s/($not_code)/$1 =~ tr{\n}{_}cr/ge;
  return $text;
}

sub match_brackets {
  my ($self) = @_;
  my @open;
  while ($self->{code} =~ /([][(){}])/g) {
    my ($bracket, $at) = ($1, $-[0]);
    push @open, $at and next if $closing{$bracket};
    my $start = pop @open // die "a bracket too many at $at\n";
    $self->{partner}{$start} = $at;
    $self->{partner}{$at} = $start;
  }
}

sub line_of {
  my ($self, $at) = @_;
  return 1 + (substr($self->{text}, 0, $at) =~ tr/\n//);
}

sub plain {
  my ($self, $from, $to) = @_;
  my $shown = substr($self->{text}, $from, $to - $from) =~ s/\s+/ /gr =~ s/^ | $//gr;
  return length $shown > 160 ? substr($shown, 0, 157) . '...' : $shown;
}

# The line that holds a position, for people.
sub line_text {
  my ($self, $at) = @_;
  my $from = rindex($self->{text}, "\n", $at) + 1;
  my $to = index $self->{text}, "\n", $at;
  return $self->plain($from, $to < 0 ? length $self->{text} : $to);
}

sub add {
  my ($self, %mutant) = @_;
  push @{ $self->{mutants} }, { line => $self->line_of($mutant{at}), after => '', %mutant };
}

sub conditions {
  my ($self) = @_;
  while ($self->{code} =~ /\b(if|while) \(/g) {
    my ($word, $open) = ($1, $+[0] - 1);
    my $end = $self->{partner}{$open};
    my $at = $open + 1;
    $at = $_ + 1 for grep { substr($self->{code}, $_, 1) eq ';' } $self->top_level($open + 1, $end);
    $at++ while substr($self->{code}, $at, 1) =~ /\s/;
    my $shown = "$word (" . $self->plain($open + 1, $end) . ')';
    if (substr($self->{code}, $at, $end - $at) =~ /^[\w:<>*& ]+ = /) {
      $self->add(at => $at + $+[0], end => $end, change => "never: $shown", before => 'mutate::declared(AWAKE, ', after => ')');
    } else {
      $self->add(at => $at, end => $end, rank => 1, change => "never: $shown", before => '(!AWAKE && bool(', after => '))');
      $self->add(at => $at, end => $end, rank => 2, change => "always: $shown", before => '(AWAKE || bool(', after => '))')
        if $word eq 'if';
    }
  }
}

# The positions between two that stand in no bracket opened between them.
sub top_level {
  my ($self, $from, $to) = @_;
  my @positions;
  for (my $at = $from; $at < $to; $at++) {
    push @positions, $at;
    $at = $self->{partner}{$at} - 0 if $closing{ substr $self->{code}, $at, 1 };
  }
  return @positions;
}

sub operands {
  my ($self) = @_;
  my %done;
  while ($self->{code} =~ /\s(?:&&|\|\|)\s/g) {
    my $operator = $-[0] + 1;
    my ($from, $to) = ($self->edge_of($operator, -1), $self->edge_of($operator, 1));
    next if $done{$from}++ || substr($self->{code}, 0, $from) =~ /\b(?:requires|static_assert)\(?\s*\z/;
    my @sides = $self->split_at($from, $to, '||');
    $self->leave_out($from, $to, '(!AWAKE && bool(', @sides) if @sides > 1;
    for my $side (@sides) {
      my @parts = $self->split_at(@$side, '&&');
      $self->leave_out($from, $to, '(AWAKE || bool(', @parts) if @parts > 1;
    }
  }
}

sub leave_out {
  my ($self, $from, $to, $before, @parts) = @_;
  for my $part (@parts) {
    my ($at, $end) = @$part;
    my $change = 'without `' . $self->plain($at, $end) . '`: ' . $self->plain($from, $to);
    $self->add(at => $at, end => $end, rank => 3, change => $change, before => $before, after => '))');
  }
}

# Where the logical expression around a position begins (-1) or ends (1).
sub edge_of {
  my ($self, $at, $step) = @_;
  my $code = $self->{code};
  for (my $i = $at + $step; ; $i += $step) {
    my $c = substr $code, $i, 1;
    my $is_edge = $step < 0 ? $c =~ /[({\[]/ : $c =~ /[)}\]]/;
    if (!$is_edge && defined $self->{partner}{$i}) { $i = $self->{partner}{$i}; next }
    my $around = substr $code, $i - 1, 3;
    my $assigns = $c eq '=' && $around =~ /^[^=!<>]=[^=]$/;
    my $colon = $c eq ':' && $around !~ /::/;
    $is_edge ||= $c =~ /[;,?]/ || $assigns || $colon;
    $is_edge ||= $step < 0 && substr($code, $i - 6, 7) =~ /^\Wreturn\z/;
    next unless $is_edge;
    $i++ if $step < 0;
    $i += $step * -1 while substr($code, $step < 0 ? $i : $i - 1, 1) =~ /\s/;
    return $i;
  }
}

sub split_at {
  my ($self, $from, $to, $operator) = @_;
  my @cuts = grep { substr($self->{code}, $_, 2) eq $operator && substr($self->{code}, $_ - 1, 1) =~ /\s/ } $self->top_level($from, $to);
  my @parts;
  for my $cut (@cuts, $to) {
    my $end = $cut;
    $end-- while substr($self->{code}, $end - 1, 1) =~ /\s/;
    push @parts, [$from, $end];
    $from = $cut + 2;
    $from++ while $from < $to && substr($self->{code}, $from, 1) =~ /\s/;
  }
  return @parts;
}

sub edges {
  my ($self) = @_;
  my %moved = ('<' => '<=', '<=' => '<', '>' => '>=', '>=' => '>');
  while ($self->{code} =~ /\s([<>]=?)(?=\s)/g) {
    my ($operator, $end) = ($1, $+[0]);
    my $change = "`$moved{$operator}` for `$operator`: " . $self->line_text($end);
    $self->add(at => $end, end => $end, change => $change, before => " mutate::Edge{AWAKE} $operator");
  }
}

sub statements {
  my ($self) = @_;
  for my $at ($self->statement_starts) {
    my $end = $self->statement_end($at);
    next unless defined $end;
    $self->add(at => $at, end => $end, rank => -1, change => 'dropped: ' . $self->plain($at, $end), before => '{ if (!AWAKE) { ', after => ' } }');
  }
}

# Where a statement may begin: on a line of its own, or after a condition or `else`; inside a function's braces.
sub statement_starts {
  my ($self) = @_;
  my %starts;
  while ($self->{code} =~ /^([ ]+)(?=[\w*+-])/mg) {
    my $at = $+[0];
    my $before = substr($self->{code}, 0, $at) =~ s/[\s_]+\z//r;
    $starts{$at} = 1 if $before =~ /(?:[;{})]|\belse|[^:]:)\z/;
  }
  while ($self->{code} =~ /\b(?:if|for|while) \(/g) {
    $starts{ $self->{partner}{ $+[0] - 1 } + 2 } = 1;
  }
  $starts{ $+[0] } = 1 while $self->{code} =~ /\belse (?!if\b)/g;
  return grep { $self->in_function($_) } sort { $a <=> $b } keys %starts;
}

sub in_function {
  my ($self, $at) = @_;
  my $depth = 0;
  for (my $i = $at - 1; $i >= 0; $i--) {
    my $c = substr $self->{code}, $i, 1;
    if ($c =~ /[)}\]]/) { $i = $self->{partner}{$i}; next }
    return 0 if $c =~ /[(\[]/;
    return substr($self->{code}, 0, $i) =~ $before_block if $c eq '{';
  }
  return 0;
}

# The end of the expression statement at a position; undef when it is none.
sub statement_end {
  my ($self, $at) = @_;
  my $rest = substr $self->{code}, $at;
  return $at + $+[0] if $rest =~ /^(?:break|continue);/;
  return if $rest =~ /^(?:return|if|for|while|else|case|default|switch|using|namespace|abort_with|static_assert|do|co_return)\b/;
  $rest =~ /^(?:\+\+|--|\*)?\w+(?:::\w+)*/ or return;
  my ($i, $called) = ($at + $+[0], substr($rest, 0, 2) =~ /\+\+|--/);
  while (1) {
    my $c = substr $self->{code}, $i, 1;
    if ($c eq '(' || $c eq '[') { $called = 1 if $c eq '('; $i = $self->{partner}{$i} + 1; next }
    if (substr($self->{code}, $i) =~ /^(?:\.|->|::)\w+/) { $i += $+[0]; next }
    last;
  }
  my $tail = substr $self->{code}, $i;
  return $i + 1 if $called && $tail =~ /^;/;
  return unless $tail =~ m{^ (?:[-+|&*/]?|<<)= (?!delete;|default;)} || $tail =~ /^(?:\+\+|--);/;
  return $self->first_semicolon($i) + 1;
}

sub first_semicolon {
  my ($self, $at) = @_;
  for (my $i = $at; ; $i++) {
    my $c = substr $self->{code}, $i, 1;
    return $i if $c eq ';';
    $i = $self->{partner}{$i} if $closing{$c};
  }
}

1;
